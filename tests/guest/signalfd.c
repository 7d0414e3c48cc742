// Signals read from a descriptor: what the records say, several at once, waiting, polling, other masks, and whose signals they are.
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

static struct signalfd_siginfo records[8];
static int fd;
static pid_t self;

static int ready(int of, short events)
{
    struct pollfd entry = { of, events, 0 };
    must("poll", poll(&entry, 1, 0));
    return entry.revents;
}

static const char *who(unsigned pid) { return pid == 0 ? "nobody" : pid == (unsigned)self ? "us" : "another"; }

// Reads what there is and shows it.
static int take(const char *what, int most)
{
    memset(records, 0x5a, sizeof records);
    long got = read(fd, records, (size_t)most * sizeof *records);
    if (got < 0) {
        value(what, got);
        return 0;
    }
    int count = (int)(got / (long)sizeof *records);
    printf("%s: %d and %d bytes\n", what, count, (int)(got % (long)sizeof *records));
    for (int i = 0; i < count; i++) {
        struct signalfd_siginfo *one = records + i;
        int known = one->ssi_signo == SIGCHLD && one->ssi_code > 0;
        printf("  signal %u code %d errno %d from %s uid %u fd %d band %u overrun %u status %d int %d ptr %llx addr %llx times %d lsb %u syscall %d arch %u\n", one->ssi_signo, one->ssi_code, one->ssi_errno,
            who(one->ssi_pid), one->ssi_uid, one->ssi_fd, one->ssi_band, one->ssi_overrun, one->ssi_status, one->ssi_int, (unsigned long long)one->ssi_ptr, (unsigned long long)one->ssi_addr,
            !known && (one->ssi_utime || one->ssi_stime), one->ssi_addr_lsb, one->ssi_syscall, one->ssi_arch);
        const unsigned char *rest = (const unsigned char *)(&one->ssi_arch + 1);
        for (; rest < (const unsigned char *)(one + 1); rest++)
            if (*rest)
                holds("the rest is clear", 0);
    }
    return count;
}

static void show_info(void)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = must("open", open(path, O_RDONLY));
    long size = must("read", read(info, text, sizeof text - 1));
    close(info);
    text[size] = 0;
    char *line = strstr(text, "sigmask");
    printf("%s", line ? line : "no mask\n");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    size = must("readlink", readlink(path, text, sizeof text));
    printf("%.*s\n", (int)size, text);
}

static void block(int how, ...)
{
    sigset_t set;
    sigemptyset(&set);
    __builtin_va_list list;
    __builtin_va_start(list, how);
    for (int signal; (signal = __builtin_va_arg(list, int));)
        sigaddset(&set, signal);
    __builtin_va_end(list);
    sigprocmask(how, &set, NULL);
}

static sigset_t set_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    if (second)
        sigaddset(&set, second);
    return set;
}

static void *send_when_asleep(void *parent)
{
    until_state(*(pid_t *)parent, 'S');
    syscall(SYS_tgkill, getpid(), *(pid_t *)parent, SIGUSR1);
    return NULL;
}

static void *take_own(void *unused)
{
    pthread_kill(pthread_self(), SIGUSR2);
    holds("a thread's own signal is there for it", ready(fd, POLLIN) == POLLIN);
    take("in the thread", 8);
    return NULL;
}

static volatile sig_atomic_t handled;
static void on_signal(int signal) { handled++; }

// What is wrong, and what the file is otherwise.
static void mistakes(void)
{
    sigset_t set = set_of(SIGUSR1, SIGUSR2);
    value("a wrong size", syscall(SYS_signalfd4, -1, &set, 4, 0));
    value("a wrong flag", syscall(SYS_signalfd4, -1, &set, 8, 1));
    value("a bad pointer", syscall(SYS_signalfd4, -1, 8, 8, 0));
    value("a wrong size of a bad pointer", syscall(SYS_signalfd4, -1, 8, 16, 1));
    value("a wrong flag of a closed one", syscall(SYS_signalfd4, 99, &set, 8, 1));
    value("a closed one", syscall(SYS_signalfd4, 99, &set, 8, 0));
    value("a negative one", syscall(SYS_signalfd4, -2, &set, 8, 0));
    value("another file", syscall(SYS_signalfd4, 0, &set, 8, 0));
    value("too short a buffer", read(fd, records, sizeof *records - 1));
    value("none", read(fd, records, 0));
    value("a write", write(fd, records, sizeof *records));
    value("a seek", lseek(fd, 5, SEEK_SET));
    value("pread", pread(fd, records, sizeof *records, 0));
    value("ftruncate", ftruncate(fd, 0));
    value("fsync", fsync(fd));
    struct stat stat;
    fstat(fd, &stat);
    printf("mode %o size %ld, flags %x, close on exec %d\n", stat.st_mode, (long)stat.st_size, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
}

static void several(void)
{
    union sigval sent = { .sival_ptr = (void *)0x1234567887654321 };
    take("nothing there", 8);
    kill(self, SIGUSR2);
    kill(self, SIGUSR2);
    syscall(SYS_tgkill, self, self, SIGUSR1);
    sigqueue(self, SIGRTMIN + 2, sent);
    sent.sival_int = 7;
    sigqueue(self, SIGRTMIN + 1, sent);
    sent.sival_int = 8;
    sigqueue(self, SIGRTMIN + 1, sent);
    holds("ready", ready(fd, POLLIN | POLLOUT) == POLLIN);
    take("two of them", 2);
    take("the rest", 8);
    holds("not ready", ready(fd, POLLIN | POLLOUT) == 0);
    siginfo_t info = { .si_code = -60, .si_errno = 3 };
    info.si_pid = 5, info.si_uid = 6, info.si_value.sival_int = 9;
    value("one of our own making", syscall(SYS_rt_sigqueueinfo, self, SIGUSR1, &info));
    info.si_code = SI_SIGIO;
    value("as of a file", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN + 1, &info));
    info.si_code = SI_TIMER;
    value("as of a timer", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN + 1, &info));
    for (int count = take("of our making", 8); count > 0; count--)
        printf("  %u %d\n", records[count - 1].ssi_tid == 5, records[count - 1].ssi_fd);
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 77 };
    must("timer", timer_create(CLOCK_MONOTONIC, &event, &timer));
    struct itimerspec soon = { .it_value.tv_nsec = 1000 };
    timer_settime(timer, 0, &soon, NULL);
    while (!ready(fd, POLLIN))
        ;
    take("a timer", 8);
    timer_delete(timer);
    outcome("child", START("7"));
    take("its end", 8);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!strcmp(argv[1], "raise")) {
            // It reads what is sent to itself by the descriptor that it has been given.
            fd = atoi(argv[2]);
            self = getpid();
            take("in a child, nothing", 8);
            raise(SIGUSR1);
            holds("ready", ready(fd, POLLIN) == POLLIN);
            take("in a child", 8);
            return 0;
        }
        if (!strcmp(argv[1], "send")) {
            until_state(getppid(), 'S');
            kill(getppid(), atoi(argv[2]));
            return 0;
        }
        return atoi(argv[1]);
    }
    self = getpid();
    block(SIG_BLOCK, SIGUSR1, SIGUSR2, SIGRTMIN + 1, SIGRTMIN + 2, SIGCHLD, 0);
    sigset_t set;
    sigfillset(&set);
    fd = must("signalfd", signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    show_info();
    mistakes();
    several();
    int other = must("signalfd", (int)syscall(SYS_signalfd, -1, &set, 8));
    printf("the old call: flags %x, close on exec %d\n", fcntl(other, F_GETFL), fcntl(other, F_GETFD));

    // Another mask.
    raise(SIGUSR1);
    set = set_of(SIGUSR2, SIGKILL);
    holds("the mask becomes another", signalfd(fd, &set, 0) == fd);
    show_info();
    take("the signal is not of it", 8);
    holds("not ready", !ready(fd, POLLIN));
    holds("the other file has it", ready(other, POLLIN) == POLLIN);
    set = set_of(SIGUSR1, SIGUSR2);
    signalfd(fd, &set, 0);
    take("and now it is", 8);

    // A signal that is not blocked is handled, and an ignored one is not there, unless it is blocked.
    signal(SIGHUP, on_signal);
    set = set_of(SIGHUP, SIGWINCH);
    signalfd(fd, &set, 0);
    raise(SIGHUP);
    raise(SIGWINCH);
    printf("handled %d\n", (int)handled);
    take("not blocked", 8);
    block(SIG_BLOCK, SIGHUP, SIGWINCH, 0);
    signal(SIGHUP, SIG_IGN);
    raise(SIGHUP);
    raise(SIGWINCH);
    take("blocked and ignored", 8);
    signal(SIGHUP, on_signal);

    // A copy of the descriptor is the same file; a child reads its own signals by it.
    set = set_of(SIGUSR1, SIGUSR2);
    signalfd(fd, &set, 0);
    int copy = dup(fd);
    raise(SIGUSR1);
    holds("ready by both", ready(fd, POLLIN) == POLLIN && ready(copy, POLLIN) == POLLIN);
    set = set_of(SIGUSR2, 0);
    signalfd(copy, &set, 0);
    holds("ready by neither", !ready(fd, POLLIN) && !ready(copy, POLLIN));
    set = set_of(SIGUSR1, SIGUSR2);
    signalfd(copy, &set, 0);
    char number[12];
    snprintf(number, sizeof number, "%d", copy);
    outcome("child", START("raise", number));
    take("ours is still there", 8);
    pid_t child = vfork();
    if (child == 0) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGUSR2);
        struct pollfd entry = { fd, POLLIN, 0 };
        long events = poll(&entry, 1, 0);
        _exit((int)(events * 10 + (read(fd, records, sizeof records) == sizeof *records && records->ssi_signo == SIGUSR2 && records->ssi_pid == (unsigned)syscall(SYS_getpid))));
    }
    outcome("before it executes", child);
    holds("nothing for us", !ready(fd, POLLIN));

    // Each thread sees its own and the process's.
    pthread_t thread;
    pthread_create(&thread, NULL, take_own, NULL);
    pthread_join(thread, NULL);
    syscall(SYS_tgkill, self, self, SIGUSR1);
    take("the first thread's", 8);

    // epoll, select and waiting.
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = 5 }, got;
    value("epoll", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    value("nothing", epoll_wait(epoll, &got, 1, 0));
    raise(SIGUSR1);
    value("something", epoll_wait(epoll, &got, 1, -1));
    printf("events %x\n", got.events);
    holds("the epoll is ready too", ready(epoll, POLLIN) == POLLIN);
    take("it", 8);
    value("nothing", epoll_wait(epoll, &got, 1, 0));
    child = START("send", "12");
    value("woken", epoll_wait(epoll, &got, 1, -1));
    outcome("sender", child);
    take("it", 8);
    fd_set reads;
    FD_ZERO(&reads);
    FD_SET(fd, &reads);
    child = START("send", "12");
    value("select", select(fd + 1, &reads, NULL, NULL, NULL));
    outcome("sender", child);
    take("it", 8);

    fcntl(fd, F_SETFL, 0);
    pthread_create(&thread, NULL, send_when_asleep, &self);
    take("waiting", 8);
    pthread_join(thread, NULL);
    child = START("send", "12");
    take("waiting for a child", 8);
    outcome("sender", child);
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGHUP, &action, NULL);
    block(SIG_UNBLOCK, SIGHUP, 0);
    handled = 0;
    child = START("send", "1");
    take("interrupted", 8);
    outcome("sender", child);
    printf("handled %d\n", (int)handled);
    set = set_of(SIGUSR1, SIGCHLD);
    signalfd(fd, &set, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (ready(fd, POLLIN))
        read(fd, records, sizeof records);
    child = START("3");
    take("the end of a child", 8);
    outcome("child", child);
    raise(SIGUSR1);
    value("a bad buffer", read(fd, (void *)8, sizeof *records));
    holds("the signal is gone", !ready(fd, POLLIN));
    raise(SIGUSR1);
    close(fd);
    value("closed", read(fd, records, sizeof *records));
    sigpending(&set);
    printf("it is still pending: %d\n", sigismember(&set, SIGUSR1));
    return broken;
}
