// timerfd: what may be made and set, what reads and waits say, what has been missed, what /proc shows, and what it shares over dup, vfork and execve.
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#define CANCEL_ON_SET 2
#define SET_TICKS _IOW('T', 0, unsigned long)

static struct itimerspec spec(time_t first, long first_nanoseconds, time_t interval)
{
    return (struct itimerspec) { { interval, 0 }, { first, first_nanoseconds } };
}

static long set(int fd, int flags, time_t first, long nanoseconds, time_t interval)
{
    struct itimerspec value = spec(first, nanoseconds, interval);
    return syscall(SYS_timerfd_settime, fd, flags, &value, NULL);
}

static void show_times(const char *what, const struct itimerspec *times)
{
    long seconds = times->it_value.tv_sec;
    const char *first = seconds == 0 ? times->it_value.tv_nsec == 0 ? "off" : "soon" : seconds >= 900 && seconds <= 1000 ? "within 1000 s" : seconds < 100 ? "within 100 s" : "NO";
    printf("%s: %s, interval %ld.%09ld\n", what, first, (long)times->it_interval.tv_sec, times->it_interval.tv_nsec);
}

static void show(const char *what, int fd)
{
    struct itimerspec times;
    memset(&times, 0x55, sizeof times);
    if (value(what, timerfd_gettime(fd, &times)) == 0)
        show_times("  ", &times);
}

static void take(const char *what, int fd)
{
    unsigned long ticks = 0;
    long got = read(fd, &ticks, sizeof ticks);
    if (got < 0)
        value(what, got);
    else
        printf("%s: %ld bytes, %lu times\n", what, got, ticks);
}

static int events(int fd)
{
    struct pollfd set = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
    return poll(&set, 1, 0) < 0 ? -1 : set.revents;
}

static void show_info(const char *what, int fd)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(path, "r");
    puts(what);
    while (file && fgets(line, sizeof line, file)) {
        long seconds, nanoseconds;
        if (!strncmp(line, "mnt_id", 6) || !strncmp(line, "ino", 3))
            continue;
        if (sscanf(line, "it_value: (%ld, %ld)", &seconds, &nanoseconds) == 2)
            printf("  it_value: %s\n", seconds >= 900 && seconds <= 1000 ? "within 1000 s" : seconds == 0 && nanoseconds == 0 ? "none" : "some");
        else
            printf("  %s", line);
    }
    if (file)
        fclose(file);
}

static void making(void)
{
    static const struct { const char *name; int clock; } clocks[] = {
        { "real", CLOCK_REALTIME }, { "monotonic", CLOCK_MONOTONIC }, { "boot", CLOCK_BOOTTIME }, { "raw", CLOCK_MONOTONIC_RAW }, { "coarse", CLOCK_REALTIME_COARSE },
        { "process", CLOCK_PROCESS_CPUTIME_ID }, { "thread", CLOCK_THREAD_CPUTIME_ID }, { "atomic", CLOCK_TAI }, { "none", 99 }, { "negative", -1 },
    };
    for (unsigned i = 0; i < COUNT(clocks); i++) {
        int fd = (int)done(clocks[i].name, timerfd_create(clocks[i].clock, 0));
        close(fd);
    }
    value("unknown flags", timerfd_create(CLOCK_MONOTONIC, 1));
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    printf("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    take("not set", fd);
    show("not set", fd);
    char path[64], target[64] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must("readlink", readlink(path, target, sizeof target - 1));
    puts(target);
    struct stat stat;
    must("fstat", fstat(fd, &stat));
    printf("mode %o, size %ld\n", stat.st_mode, (long)stat.st_size);
    value("write", write(fd, target, 8));
    value("pread", pread(fd, target, 8, 0));
    value("lseek", lseek(fd, 5, SEEK_SET));
    value("truncate", ftruncate(fd, 0));
    value("fsync", fsync(fd));
    value("another ioctl", ioctl(fd, FIONREAD, &(int) { 0 }));
    value("too little room", read(fd, target, 7));
    close(fd);
    value("closed", timerfd_gettime(fd, &(struct itimerspec) { 0 }));
    value("closed", set(fd, 0, 1, 0, 0));
}

static void mistakes(int fd)
{
    int ends[2];
    struct itimerspec good = spec(1000, 0, 0);
    must("pipe", pipe(ends));
    value("another file", set(ends[0], 0, 1, 0, 0));
    value("another file", timerfd_gettime(ends[0], &good));
    value("unknown flags", set(fd, 4, 1000, 0, 0));
    value("too many nanoseconds", set(fd, 0, 1, 1000000000, 0));
    value("less than none", set(fd, 0, 1, -1, 0));
    value("negative seconds", set(fd, 0, -1, 0, 0));
    value("a negative interval", set(fd, 0, 1, 0, -1));
    value("nothing to read from", syscall(SYS_timerfd_settime, fd, 0, NULL, NULL));
    value("a wrong descriptor and nothing to read from", syscall(SYS_timerfd_settime, -1, 0, NULL, NULL));
    value("a wrong descriptor and wrong flags", set(-1, 4, 1, 0, 0));
    value("nowhere to write to", syscall(SYS_timerfd_gettime, fd, NULL));
    show("still off", fd);
    value("nowhere to write the old one to", syscall(SYS_timerfd_settime, fd, 0, &good, (void *)8));
    show("it was set all the same", fd);
    close(ends[0]);
    close(ends[1]);
    set(fd, 0, 0, 0, 0);
}

static void times(int fd, int real)
{
    struct itimerspec value_of = spec(1000, 0, 7), old;
    struct timespec at;
    value("set", timerfd_settime(fd, 0, &value_of, &old));
    show_times("  before", &old);
    show("left", fd);
    value_of = spec(0, 0, 3);
    value("off", timerfd_settime(fd, 0, &value_of, &old));
    show_times("  before", &old);
    show("off keeps the interval", fd);
    value("events", events(fd));
    value("soon", set(fd, 0, 0, 1, 0));
    take("once", fd);
    take("no more", (fcntl(fd, F_SETFL, O_NONBLOCK), fd));
    show("over", fd);
    value("long ago", set(fd, TFD_TIMER_ABSTIME, 1, 0, 0));
    value("events", events(fd));
    show("it has rung", fd);
    take("once", fd);
    value("events", events(fd));
    // Set ten and a half intervals ago.
    clock_gettime(CLOCK_REALTIME, &at);
    value("with an interval", set(real, TFD_TIMER_ABSTIME, at.tv_sec - 950, at.tv_nsec, 100));
    take("what was missed", real);
    show("the next", real);
    take("not yet", (fcntl(real, F_SETFL, O_NONBLOCK), real));
    clock_gettime(CLOCK_REALTIME, &at);
    set(real, TFD_TIMER_ABSTIME, at.tv_sec - 350, at.tv_nsec, 100);
    show("looked at first", real);
    value("events", events(real));
    take("then taken", real);
    set(real, TFD_TIMER_ABSTIME, at.tv_sec - 350, at.tv_nsec, 100);
    value_of = spec(1000, 0, 0);
    timerfd_settime(real, 0, &value_of, &old);
    show_times("  before", &old);
    value("setting forgets", events(real));
    value("for ever", set(real, 0, 0x7fffffffffffffff, 999999999, 0));
    value("events", events(real));
    value("cancel on set", set(real, TFD_TIMER_ABSTIME | CANCEL_ON_SET, at.tv_sec + 1000, 0, 0));
    show("cancel on set", real);
    take("the clock was not set", real);
    value("cancel on set of a relative time", set(real, CANCEL_ON_SET, 1000, 0, 0));
    value("of another clock", set(fd, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 1, 0, 0));
    take("it rings all the same", fd);
}

static void ticks(int fd)
{
    unsigned long many = 5, none = 0;
    set(fd, 0, 1000, 0, 0);
    show_info("set", fd);
    long can = value("ticks", ioctl(fd, SET_TICKS, &many));
    value("no ticks", ioctl(fd, SET_TICKS, &none));
    value("nothing to read from", ioctl(fd, SET_TICKS, NULL));
    if (can == 0) {
        value("events", events(fd));
        show_info("with ticks", fd);
        take("ticks", fd);
    }
    set(fd, 0, 0, 0, 3);
    show_info("off", fd);
    int real = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
    set(real, TFD_TIMER_ABSTIME | CANCEL_ON_SET, 1, 0, 0);
    show_info("rung", real);
    set(real, TFD_TIMER_ABSTIME, 1, 0, 0);
    show_info("rung without cancelling", real);
    close(real);
}

static void waits(int fd)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = 7 }, got;
    fcntl(fd, F_SETFL, 0);
    set(fd, 0, 0, 0, 0);
    must("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    value("epoll of one that is off", epoll_wait(epoll, &got, 1, 0));
    set(fd, 0, 0, 1000000, 0);
    value("epoll", epoll_wait(epoll, &got, 1, -1));
    printf("events %x of %u\n", got.events, got.data.u32);
    value("no edge", epoll_wait(epoll, &got, 1, 0));
    set(fd, 0, 0, 1000000, 0);
    value("an edge", epoll_wait(epoll, &got, 1, -1));
    take("one", fd);
    struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
    timerfd_settime(fd, 0, &often, NULL);
    long long before = now(CLOCK_MONOTONIC);
    unsigned long total = 0, one;
    for (int i = 0; i < 10; i++) {
        struct pollfd waited = { fd, POLLIN, 0 };
        must("poll", poll(&waited, 1, -1));
        must("read", read(fd, &one, sizeof one));
        total += one;
    }
    long long passed = now(CLOCK_MONOTONIC) - before;
    holds("no more than there was time for", (long long)total * 1000000 <= passed + 1000000 && total >= 10);
    set(fd, 0, 0, 0, 0);
    close(epoll);
}

static volatile int have_read;

static void *reader(void *argument)
{
    unsigned long count = 0;
    must("read", read(*(int *)argument, &count, sizeof count));
    __atomic_add_fetch(&have_read, 1, __ATOMIC_SEQ_CST);
    return (void *)count;
}

static void shared(int fd)
{
    pthread_t threads[2];
    void *counts[2];
    char number[16];
    int other = dup(fd), status;
    fcntl(fd, F_SETFL, 0);
    // Both wait, one gets it, and the other one the next.
    set(fd, 0, 0, 0, 0);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, reader, &fd);
    while (have_read < 2) {
        set(other, 0, 0, 1, 0);
        nap(1);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &counts[i]);
        printf("reader %d: %ld\n", i, (long)counts[i]);
    }
    set(fd, 0, 0, 0, 0);
    set(other, TFD_TIMER_ABSTIME, 1, 0, 0);
    pid_t child = vfork();
    if (child == 0) {
        unsigned long count = 0;
        _exit(read(other, &count, sizeof count) == 8 ? (int)count : 99);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    describe("a vfork child takes it", status);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    take("it is taken", fd);
    set(fd, TFD_TIMER_ABSTIME, 1, 0, 0);
    snprintf(number, sizeof number, "%d", other);
    outcome("a program takes it", START("takes", number));
    take("it is taken", fd);
    close(fd);
    set(other, TFD_TIMER_ABSTIME, 1, 0, 0);
    take("the other descriptor is enough", other);
    close(other);
    int closed = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    snprintf(number, sizeof number, "%d", closed);
    outcome("closed for a program", START("takes", number));
    close(closed);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        take("in a program", atoi(argv[2]));
        return 0;
    }
    making();
    int fd = (int)must("timerfd", timerfd_create(CLOCK_MONOTONIC, 0)), real = (int)must("timerfd", timerfd_create(CLOCK_REALTIME, 0));
    mistakes(fd);
    times(fd, real);
    ticks(fd);
    waits(fd);
    shared(fd);
    int boot = (int)must("timerfd", timerfd_create(CLOCK_BOOTTIME, 0));
    struct timespec at;
    clock_gettime(CLOCK_BOOTTIME, &at);
    set(boot, TFD_TIMER_ABSTIME, at.tv_sec + 1000, 0, 0);
    show("by the time since the start", boot);
    set(boot, TFD_TIMER_ABSTIME, at.tv_sec, at.tv_nsec, 0);
    take("by the time since the start", boot);
    return broken;
}
