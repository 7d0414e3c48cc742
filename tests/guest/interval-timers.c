// alarm and the interval timers: what is left, what they send to whom, what execve keeps and children do not get, and what is wrong.
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile sig_atomic_t counts[65];
static volatile long sink;

static void on_signal(int signal) { counts[signal]++; }

static void show(const char *what, struct itimerval *timer)
{
    const char *left = timer->it_value.tv_sec >= 40 && timer->it_value.tv_sec <= 50 ? "within 50 s" : timer->it_value.tv_sec ? "NO" : timer->it_value.tv_usec ? "soon" : "never";
    printf("%s: %s, interval %ld.%06ld\n", what, left, (long)timer->it_interval.tv_sec, (long)timer->it_interval.tv_usec);
}

static const struct itimerval none;
static siginfo_t told;
static volatile sig_atomic_t tells;

static void on_info(int signal, siginfo_t *info, void *context)
{
    told = *info;
    tells++;
}

static long get(int which, struct itimerval *timer) { return syscall(SYS_getitimer, which, timer); }
static long set(int which, const struct itimerval *timer, struct itimerval *old) { return syscall(SYS_setitimer, which, timer, old); }

static void burn(void)
{
    for (int i = 0; i < 100000; i++)
        sink++;
}

static void mistakes(void)
{
    struct itimerval timer = { { 0, 0 }, { 50, 0 } };
    value("get of no such timer", get(3, &timer));
    value("get of a negative one", get(-1, &timer));
    value("get of no such timer to nowhere", get(3, NULL));
    value("get to nowhere", get(ITIMER_REAL, NULL));
    value("set of no such timer from nowhere readable", set(3, (void *)8, NULL));
    value("set from nowhere readable", set(ITIMER_REAL, (void *)8, NULL));
    value("a negative second", set(ITIMER_REAL, &(struct itimerval) { { 0, 0 }, { -1, 0 } }, NULL));
    value("a negative interval", set(ITIMER_REAL, &(struct itimerval) { { -1, 0 }, { 0, 0 } }, NULL));
    value("too many microseconds between", set(ITIMER_VIRTUAL, &(struct itimerval) { { 0, 1000000 }, { 0, 0 } }, NULL));
    value("the old one to nowhere", set(ITIMER_REAL, &timer, (void *)8));
    get(ITIMER_REAL, &timer);
    show("it was set all the same", &timer);
    value("set from nothing is off", set(ITIMER_REAL, NULL, &timer));
    show("the one before", &timer);
    get(ITIMER_REAL, &timer);
    show("now", &timer);
}

static void settings(void)
{
    static const char *const names[] = { "real", "virtual", "profiling" };
    struct itimerval timer, old;
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        puts(names[which]);
        value("set", set(which, &(struct itimerval) { { 3, 250000 }, { 50, 0 } }, &old));
        show("  before", &old);
        get(which, &timer);
        show("  left", &timer);
        value("set again", set(which, &(struct itimerval) { { 0, 0 }, { 45, 500000 } }, &old));
        show("  before", &old);
        value("off with an interval", set(which, &(struct itimerval) { { 4, 0 }, { 0, 0 } }, &old));
        show("  before", &old);
        get(which, &timer);
        show("  off", &timer);
        value("off", set(which, &none, &old));
        show("  before", &old);
    }
    // The C library rounds in its own way.
    set(ITIMER_REAL, &(struct itimerval) { { 5, 0 }, { 49, 400000 } }, NULL);
    value("alarm in the place of a timer", syscall(SYS_alarm, 47));
    get(ITIMER_REAL, &timer);
    show("it has no interval", &timer);
    set(ITIMER_REAL, &(struct itimerval) { { 5, 0 }, { 49, 900000 } }, &old);
    show("a timer in the place of an alarm", &old);
    value("more than half a second is one", syscall(SYS_alarm, 0));
    set(ITIMER_REAL, &(struct itimerval) { { 0, 0 }, { 0, 300000 } }, NULL);
    value("less than a second is one", syscall(SYS_alarm, 0));
    value("off is none", syscall(SYS_alarm, 0));
    alarm(0xffffffff);
    unsigned long long_time = alarm(0);
    holds("the longest alarm", long_time >= 0xfffffff0);
}

// Processor time: of all threads together, and none while asleep.
static volatile int over;

static void *burns(void *argument)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (!over)
        burn();
    return NULL;
}

static void told_by(const char *what, int which, int signal, int threads)
{
    pthread_t thread;
    struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO };
    sigaction(signal, &action, NULL);
    tells = over = 0;
    if (threads)
        pthread_create(&thread, NULL, burns, NULL);
    set(which, &(struct itimerval) { { 0, 10000 }, { 0, 10000 } }, NULL);
    while (tells < 3) {
        if (threads)
            sched_yield();
        else
            burn();
    }
    set(which, &none, NULL);
    over = 1;
    if (threads)
        pthread_join(thread, NULL);
    printf("%s: signal %d code %x pid %d\n", what, told.si_signo, (unsigned)told.si_code, told.si_pid);
}

static void processor_times(void)
{
    struct itimerval before, after, timer = { { 0, 0 }, { 50, 0 } };
    for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
        set(which, &timer, NULL);
        nap(30);
        get(which, &before);
        do {
            burn();
            get(which, &after);
        } while (after.it_value.tv_sec == 50 || after.it_value.tv_usec > 990000);
        holds(which == ITIMER_VIRTUAL ? "virtual: computing counts" : "profiling: computing counts", after.it_value.tv_sec == 49);
        set(which, &none, NULL);
    }
    told_by("virtual", ITIMER_VIRTUAL, SIGVTALRM, 0);
    told_by("profiling", ITIMER_PROF, SIGPROF, 0);
    told_by("profiling of another thread", ITIMER_PROF, SIGPROF, 1);
    told_by("virtual of another thread", ITIMER_VIRTUAL, SIGVTALRM, 1);
    told_by("real", ITIMER_REAL, SIGALRM, 0);
}

static void children(void)
{
    struct itimerval timer;
    volatile long left = -1;
    set(ITIMER_REAL, &(struct itimerval) { { 7, 0 }, { 50, 0 } }, NULL);
    pid_t child = vfork();
    if (child == 0) {
        struct itimerval own;
        get(ITIMER_REAL, &own);
        left = own.it_value.tv_sec + own.it_interval.tv_sec;
        set(ITIMER_REAL, &(struct itimerval) { { 0, 0 }, { 3, 0 } }, NULL);
        _exit(0);
    }
    outcome("vfork", child);
    printf("its child's: %ld\n", left);
    get(ITIMER_REAL, &timer);
    show("ours is untouched", &timer);
    set(ITIMER_REAL, &none, NULL);
    outcome("execve keeps all three", START("keep all"));
    child = START("due");
    outcome("one that execve lets ring kills the program that does not expect it", child);
}

static int role(const char *what)
{
    struct itimerval timer;
    static const struct itimerval all = { { 2, 0 }, { 50, 0 } };
    if (!strcmp(what, "look")) {
        getitimer(ITIMER_REAL, &timer);
        show("after execve", &timer);
        return 0;
    }
    if (!strcmp(what, "look at all") || !strcmp(what, "wait")) {
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
            get(which, &timer);
            if (what[0] == 'l')
                show("after execve", &timer);
        }
        while (what[0] == 'w')
            pause();
        return 0;
    }
    signal(SIGALRM, on_signal);
    if (!strcmp(what, "keep all")) {
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
            set(which, &all, NULL);
        execl("/proc/self/exe", "guest", "look at all", (char *)0);
    }
    if (!strcmp(what, "due")) {
        set(ITIMER_REAL, &(struct itimerval) { { 0, 20000 }, { 0, 20000 } }, NULL);
        execl("/proc/self/exe", "guest", "wait", (char *)0);
    }
    alarm(50);
    execl("/proc/self/exe", "guest", "look", (char *)0);
    return 126;
}

int main(int argc, char **argv)
{
    struct itimerval timer, old;
    if (argc > 1)
        return role(argv[1]);
    sigset_t block, wait;
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    sigprocmask(SIG_BLOCK, &block, &wait);
    signal(SIGALRM, on_signal);
    signal(SIGVTALRM, on_signal);
    signal(SIGPROF, on_signal);

    value("alarm", alarm(100));
    unsigned before_that = alarm(50);
    holds("alarm again tells what was left", before_that > 90 && before_that <= 100);
    getitimer(ITIMER_REAL, &timer);
    show("it is the real timer", &timer);
    before_that = alarm(0);
    holds("alarm off", before_that > 40 && before_that <= 50);
    getitimer(ITIMER_REAL, &timer);
    show("off", &timer);
    outcome("a child does not inherit it", START("look"));
    outcome("execve keeps it", START("keep"));

    timer = (struct itimerval) { { 0, 5000 }, { 0, 20000 } };
    long long before = now(CLOCK_MONOTONIC);
    value("setitimer", setitimer(ITIMER_REAL, &timer, &old));
    show("the one before", &old);
    while (counts[SIGALRM] < 4)
        sigsuspend(&wait);
    holds("first after its time, then at intervals", now(CLOCK_MONOTONIC) - before >= 35000000);
    value("off", setitimer(ITIMER_REAL, &none, &old));
    show("the one before", &old);
    // Those that are not taken are one.
    timer = (struct itimerval) { { 0, 1000 }, { 0, 1000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    nap(30);
    setitimer(ITIMER_REAL, &none, NULL);
    counts[SIGALRM] = 0;
    sigprocmask(SIG_SETMASK, &wait, NULL);
    holds("many are one", counts[SIGALRM] == 1);

    timer = (struct itimerval) { { 0, 0 }, { 0, 20000 } };
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
    setitimer(ITIMER_PROF, &timer, NULL);
    long long end = now(CLOCK_MONOTONIC) + 10000000000LL;
    while ((!counts[SIGVTALRM] || !counts[SIGPROF]) && now(CLOCK_MONOTONIC) < end)
        burn();
    printf("by the processor's time: %d %d\n", (int)counts[SIGVTALRM], (int)counts[SIGPROF]);
    value("no such timer", setitimer(9, &timer, NULL));
    value("no such timer", getitimer(9, &timer));
    timer.it_value.tv_usec = 1000000;
    value("too many microseconds", setitimer(ITIMER_REAL, &timer, NULL));
    timer.it_value.tv_usec = -1;
    value("less than none", setitimer(ITIMER_REAL, &timer, NULL));
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "kill -ALRM $$", (char *)0);
        _exit(126);
    }
    outcome("by default it kills", child);
    mistakes();
    settings();
    processor_times();
    children();
    return broken;
}
