// Timers that are canceled when the clock is set (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). It sets the clock of the whole machine, so it is no test that runs natively.
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sys/timerfd.h>

#define CANCEL_ON_SET 2

static int set(int timer, int flags, long seconds)
{
    struct timespec real;
    clock_gettime(CLOCK_REALTIME, &real);
    struct itimerspec wanted = { .it_value = { (flags & TFD_TIMER_ABSTIME ? real.tv_sec : 0) + seconds, 0 } };
    return timerfd_settime(timer, flags, &wanted, NULL);
}

static void move(long seconds)
{
    struct timespec real;
    clock_gettime(CLOCK_REALTIME, &real);
    real.tv_sec += seconds;
    must("clock_settime", clock_settime(CLOCK_REALTIME, &real));
}

static void take(const char *what, int timer)
{
    unsigned long count = 0;
    struct pollfd one = { timer, POLLIN, 0 };
    printf("%s: ready %d, ", what, poll(&one, 1, 0));
    value("read", read(timer, &count, sizeof count) == sizeof count ? (long)count : -1);
}

static void *reads(void *timer)
{
    unsigned long count;
    errno = 0;
    value("a read that waited", read(*(int *)timer, &count, sizeof count));
    return NULL;
}

int main(void)
{
    int cancels = must("timerfd", timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)), other = must("timerfd", timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    int waits = must("timerfd", timerfd_create(CLOCK_REALTIME, 0));
    must("set", set(cancels, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 1000));
    must("set", set(other, TFD_TIMER_ABSTIME, 1000));
    must("set", set(waits, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 1000));
    take("before", cancels);
    pthread_t reader;
    pthread_create(&reader, NULL, reads, &waits);
    move(100);
    pthread_join(reader, NULL);
    take("the clock was set", cancels);
    take("once", cancels);
    take("of one that is not canceled", other);
    move(-100);
    take("the clock was set back", cancels);
    move(100);
    value("timerfd_settime instead of a read", set(cancels, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 500));
    struct itimerspec left;
    timerfd_gettime(cancels, &left);
    holds("it is set nevertheless", left.it_value.tv_sec > 400 && left.it_value.tv_sec <= 500);
    value("once more", set(cancels, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 500));
    take("nothing of it is left", cancels);
    must("set", set(cancels, CANCEL_ON_SET, 1000));
    move(1);
    take("a relative time is not canceled", cancels);
    must("set", set(cancels, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 50));
    move(100);
    take("past its time", cancels);
    move(-201);
    must("set", set(other, TFD_TIMER_ABSTIME, 50));
    move(60);
    take("one that is not canceled, past its time", other);
    move(-60);
    return broken;
}
