// alarm and the interval timers.
#include "guest.h"
#include <sys/time.h>

static volatile sig_atomic_t counts[65];
static void on_signal(int signal) { counts[signal]++; }
static volatile long sink;

static void show(const char *what, struct itimerval *timer)
{
    const char *left = timer->it_value.tv_sec >= 40 && timer->it_value.tv_sec <= 50 ? "within 50 s" : timer->it_value.tv_sec ? "NO" : timer->it_value.tv_usec ? "soon" : "never";
    printf("%s: %s, interval %ld.%06ld\n", what, left, (long)timer->it_interval.tv_sec, (long)timer->it_interval.tv_usec);
}

int main(int argc, char **argv)
{
    struct itimerval timer, old, none = { 0 };
    if (argc > 1) {
        if (!strcmp(argv[1], "look")) {
            getitimer(ITIMER_REAL, &timer);
            show("after execve", &timer);
            return 0;
        }
        alarm(50);
        execl("/proc/self/exe", "guest", "look", (char *)0);
    }
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
        for (int i = 0; i < 100000; i++)
            sink++;
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
    return broken;
}
