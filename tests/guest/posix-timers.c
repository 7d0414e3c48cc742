// Timers of timer_create: whom they tell and what, what they were set to, what is missed while nobody listens, and what is wrong.
#include "guest.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id __sev_fields.sigev_notify_thread_id
#endif
#define SECOND 1000000000LL

static sigset_t wanted;
static siginfo_t info;
static sem_t called;
static int call_value;

static long make(clockid_t clock, int notify, int signal, int number, timer_t *timer)
{
    struct sigevent event = { .sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = number };
    return timer_create(clock, &event, timer);
}

static struct itimerspec spec(long long first, long long interval)
{
    return (struct itimerspec) { { interval / SECOND, interval % SECOND }, { first / SECOND, first % SECOND } };
}

static long set(timer_t timer, int flags, long long first, long long interval)
{
    struct itimerspec value = spec(first, interval);
    return timer_settime(timer, flags, &value, NULL);
}

static void show_left(const char *what, struct itimerspec *left)
{
    long seconds = left->it_value.tv_sec;
    const char *first = seconds >= 90 && seconds <= 100 ? "within 100 s" : seconds ? "NO" : left->it_value.tv_nsec ? "soon" : "off";
    printf("%s: %s, interval %ld.%09ld\n", what, first, (long)left->it_interval.tv_sec, left->it_interval.tv_nsec);
}

static void wait_for(const char *what)
{
    long got = sigwaitinfo(&wanted, &info);
    printf("%s: signal %ld code %d value %d\n", what, got, info.si_code, info.si_value.sival_int);
}

static int nothing(void)
{
    struct timespec none = { 0, 0 };
    return sigtimedwait(&wanted, &info, &none) < 0 && errno == EAGAIN;
}

static void on_call(union sigval value)
{
    call_value = value.sival_int;
    sem_post(&called);
}

static void *thread_target(void *unused)
{
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 31 };
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    value("to a thread", timer_create(CLOCK_MONOTONIC, &event, &timer));
    set(timer, 0, 1000000, 0);
    wait_for("it");
    timer_delete(timer);
    return NULL;
}

static void clocks(void)
{
    static const struct { clockid_t clock; const char *name; } all[] = {
        { CLOCK_REALTIME, "real" }, { CLOCK_MONOTONIC, "monotonic" }, { CLOCK_BOOTTIME, "boot" }, { CLOCK_TAI, "atomic" },
        { CLOCK_PROCESS_CPUTIME_ID, "process" }, { CLOCK_THREAD_CPUTIME_ID, "thread" },
    };
    for (unsigned i = 0; i < COUNT(all); i++) {
        timer_t timer;
        long long before = now(all[i].clock);
        printf("%s\n", all[i].name);
        value("create", make(all[i].clock, SIGEV_SIGNAL, SIGRTMIN, (int)i, &timer));
        value("set", set(timer, 0, 5000000, 0));
        while (nothing())
            ;
        printf("signal %d code %d value %d overrun %d\n", info.si_signo, info.si_code, info.si_value.sival_int, info.si_overrun);
        holds("not too early", now(all[i].clock) - before >= 5000000);
        value("a time that is gone", set(timer, TIMER_ABSTIME, 1, 0));
        while (nothing())
            ;
        value("a time to come", set(timer, TIMER_ABSTIME, now(all[i].clock) + 3000000, 0));
        while (nothing())
            ;
        struct itimerspec left;
        timer_gettime(timer, &left);
        show_left("once", &left);
        value("delete", timer_delete(timer));
    }
    timer_t timer;
    value("raw", make(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGRTMIN, 0, &timer));
    value("coarse", make(CLOCK_MONOTONIC_COARSE, SIGEV_SIGNAL, SIGRTMIN, 0, &timer));
    value("no clock", make(77, SIGEV_SIGNAL, SIGRTMIN, 0, &timer));
}

static void mistakes(void)
{
    timer_t timer;
    must("create", make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &timer));
    int id = (int)(long)timer;
    struct itimerspec value_of = spec(1, 0), wrong = { { 0, 0 }, { 0, SECOND } };
    value("no signal", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, &timer));
    value("a wrong signal", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, &timer));
    struct sigevent event = { .sigev_notify = 3 };
    value("no way to tell", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event = (struct sigevent) { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
    event.sigev_notify_thread_id = 0x7ffffffe;
    value("no such thread", syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    value("a bad event", syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &id));
    value("no place for its number", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, 8));
    value("set: no such timer", syscall(SYS_timer_settime, 9999, 0, &value_of, NULL));
    value("set: nothing", syscall(SYS_timer_settime, id, 0, NULL, NULL));
    value("set: a bad pointer", syscall(SYS_timer_settime, id, 0, 8, NULL));
    value("set: a wrong time", syscall(SYS_timer_settime, id, 0, &wrong, NULL));
    value("set: a bad place for the old", syscall(SYS_timer_settime, id, 0, &value_of, 8));
    value("get: no such timer", syscall(SYS_timer_gettime, 9999, &value_of));
    value("get: a bad pointer", syscall(SYS_timer_gettime, id, 8));
    value("overrun: no such timer", syscall(SYS_timer_getoverrun, 9999));
    value("delete: no such timer", syscall(SYS_timer_delete, 9999));
    value("delete", syscall(SYS_timer_delete, id));
    value("delete again", syscall(SYS_timer_delete, id));
}

static void settings(void)
{
    timer_t timer;
    struct itimerspec value_of = spec(100 * SECOND, 3), old;
    must("create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 5, &timer));
    timer_gettime(timer, &old);
    show_left("new", &old);
    value("set", timer_settime(timer, 0, &value_of, &old));
    show_left("before", &old);
    value_of = spec(0, 7);
    value("off, with an interval", timer_settime(timer, 0, &value_of, &old));
    show_left("before", &old);
    timer_gettime(timer, &old);
    show_left("now", &old);
    value("overrun", timer_getoverrun(timer));
    timer_delete(timer);
    must("create", make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &timer));
    set(timer, 0, 1000, 20 * SECOND);
    nap(2);
    timer_gettime(timer, &old);
    printf("one that tells nobody goes on: %d\n", old.it_value.tv_sec >= 10 && old.it_value.tv_sec < 20);
    set(timer, 0, 1000, 0);
    nap(2);
    timer_gettime(timer, &old);
    show_left("or is over", &old);
    timer_delete(timer);
}

static void overruns(void)
{
    timer_t timer;
    must("create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 6, &timer));
    set(timer, 0, 1000000, 1000000);
    long long end = now(CLOCK_MONOTONIC) + 20000000;
    while (now(CLOCK_MONOTONIC) < end)
        ;
    wait_for("once for many");
    holds("the rest is counted", info.si_overrun >= 15);
    holds("and told when asked", timer_getoverrun(timer) == info.si_overrun);
    end = now(CLOCK_MONOTONIC) + 20000000;
    while (now(CLOCK_MONOTONIC) < end)
        ;
    wait_for("and again");
    holds("from where it was", info.si_overrun >= 15);
    set(timer, 0, 1, 1);
    for (int i = 0; i < 100; i++)
        sigwaitinfo(&wanted, &info);
    holds("an interval of nothing ends", timer_delete(timer) == 0);
    while (!nothing())
        ;
    must("create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 7, &timer));
    signal(SIGUSR1, SIG_IGN);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    set(timer, 0, 1000000, 1000000);
    nap(5);
    sigprocmask(SIG_BLOCK, &one, NULL);
    signal(SIGUSR1, SIG_DFL);
    wait_for("ignored for a while");
    timer_delete(timer);
    while (!nothing())
        ;
}

// Its one signal comes to be in the queue again and again, before and behind others.
static void among_others(void)
{
    timer_t timer;
    sigset_t pending;
    must("create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 7, &timer));
    for (int i = 0; i < 3; i++) {
        set(timer, 0, 1, 0);
        do
            sigpending(&pending);
        while (!sigismember(&pending, SIGUSR1));
        for (int number = 0; number < 2; number++)
            sigqueue(getpid(), SIGRTMIN, (union sigval) { .sival_int = 10 * i + number });
        wait_for("the lower number first");
    }
    for (int i = 0; i < 6; i++)
        wait_for("then the others");
    timer_delete(timer);
}

int main(int argc, char **argv)
{
    timer_t timer;
    if (argc > 1) {
        if (!strcmp(argv[1], "look")) {
            struct itimerspec left;
            value("timer", syscall(SYS_timer_gettime, 0, &left));
            return 0;
        }
        must("create", make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0, &timer));
        set(timer, 0, 1, 1);
        execl("/proc/self/exe", "guest", "look", (char *)0);
    }
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGRTMIN);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGALRM);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    clocks();
    mistakes();
    settings();
    overruns();
    among_others();
    value("without an event", timer_create(CLOCK_MONOTONIC, NULL, &timer));
    set(timer, 0, 1, 0);
    long got = sigwaitinfo(&wanted, &info);
    printf("signal %ld code %d, its value is its number: %d\n", got, info.si_code, info.si_value.sival_int == (int)(long)timer);
    timer_delete(timer);
    pthread_t thread;
    pthread_create(&thread, NULL, thread_target, NULL);
    pthread_join(thread, NULL);
    sem_init(&called, 0, 0);
    struct sigevent event = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_call, .sigev_value.sival_int = 17 };
    value("a call in a thread", timer_create(CLOCK_MONOTONIC, &event, &timer));
    set(timer, 0, 1000000, 1000000);
    for (int i = 0; i < 3; i++)
        while (sem_wait(&called))
            ;
    printf("called with %d\n", call_value);
    value("delete", timer_delete(timer));
    outcome("execve keeps none", START("execute"));
    return broken;
}
