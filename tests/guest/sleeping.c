// Sleeping: long enough, what is left after a signal, and sleeping until a time.
#include "guest.h"
#include <sys/syscall.h>
#include <sys/time.h>

static void on_alarm(int signal) { }

static int slept(long long before, long long at_least) { return now(CLOCK_MONOTONIC) - before >= at_least && now(CLOCK_MONOTONIC) - before < at_least + 5000000000LL; }

int main(void)
{
    struct timespec time = { 0, 20000000 }, left = { 77, 77 }, wrong = { 0, 1000000000 }, negative = { -1, 0 };
    long long before = now(CLOCK_MONOTONIC);
    value("nanosleep", nanosleep(&time, &left));
    holds("long enough", slept(before, 20000000));
    holds("what is left was not written", left.tv_sec == 77);
    value("too many nanoseconds", nanosleep(&wrong, &left));
    value("a negative time", nanosleep(&negative, &left));
    time = (struct timespec) { 0, 0 };
    value("no time", nanosleep(&time, NULL));

    signal(SIGALRM, on_alarm);
    struct itimerval soon = { { 0, 0 }, { 0, 30000 } };
    time = (struct timespec) { 100, 0 };
    before = now(CLOCK_MONOTONIC);
    setitimer(ITIMER_REAL, &soon, NULL);
    value("interrupted", nanosleep(&time, &left));
    holds("after its time", slept(before, 30000000));
    holds("what is left", left.tv_sec >= 90 && left.tv_sec < 100 && left.tv_nsec >= 0 && left.tv_nsec < 1000000000);
    setitimer(ITIMER_REAL, &soon, NULL);
    value("interrupted, not asking", nanosleep(&time, NULL));
    setitimer(ITIMER_REAL, &soon, NULL);
    value("a place for what is left that is none", nanosleep(&time, (struct timespec *)8));

    time = (struct timespec) { 0, 20000000 };
    before = now(CLOCK_MONOTONIC);
    value("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &left));
    holds("long enough", slept(before, 20000000));
    clock_gettime(CLOCK_MONOTONIC, &time);
    before = now(CLOCK_MONOTONIC);
    time.tv_nsec += 20000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    value("until a time", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL));
    holds("long enough", slept(before, 19000000));
    value("until a time that is over", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL));
    clock_gettime(CLOCK_REALTIME, &time);
    value("until now, of the real time", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL));
    time.tv_sec += 100;
    left = (struct timespec) { 77, 77 };
    setitimer(ITIMER_REAL, &soon, NULL);
    value("until a time, interrupted", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, &left));
    holds("then nothing is said of what is left", left.tv_sec == 77);
    value("of no clock", clock_nanosleep(99, 0, &time, NULL));
    value("of the thread's time", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL));
    value("a wrong time", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &wrong, NULL));

    // A stop and a continuation are not seen by who sleeps: see restarting.
    value("usleep", usleep(1000));
    value("sleep of nothing", sleep(0));
    return broken;
}
