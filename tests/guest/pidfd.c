// Descriptors of processes and threads: from pidfd_open(2) and from clone(2), to wait for, to signal by, to take files with.
#include "clone.inc.c"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>

#define PIDFD_THREAD O_EXCL
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static char stack[STACK] __attribute__((aligned(16)));
static int ends[2];
static volatile int stop;

static int open_pid(pid_t pid, unsigned flags)
{
    return syscall(SYS_pidfd_open, pid, flags);
}

static long send_signal(int fd, int signal, siginfo_t *info, unsigned flags)
{
    return syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static void events(const char *what, int fd, int timeout)
{
    struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLHUP | POLLRDNORM, 0 };
    int count = poll(&poll_fd, 1, timeout);
    printf("%s: %d, %x\n", what, count, poll_fd.revents);
}

// Until it is gone for good, which for a thread is a moment after its end.
static void gone(const char *what, int fd)
{
    struct pollfd poll_fd = { fd, 0, 0 };
    poll(&poll_fd, 1, -1);
    events(what, fd, 0);
}

static long told_pid(int fd)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int file = must(path, open(path, O_RDONLY));
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    text[got > 0 ? got : 0] = 0;
    char *at = strstr(text, "\nPid:\t");
    return at ? atol(at + 6) : -99;
}

static pid_t waiting_child(void)
{
    int to[2];
    must("pipe", pipe2(to, O_CLOEXEC));
    char number[16];
    int fd = dup(to[0]);
    snprintf(number, sizeof number, "%d", fd);
    pid_t child = START("waits", number);
    close(fd);
    close(to[0]);
    ends[1] = to[1];
    return child;
}

static void *sleeper(void *argument)
{
    *(volatile pid_t *)argument = (pid_t)syscall(SYS_gettid);
    while (!stop)
        sched_yield();
    return NULL;
}

static void opening(void)
{
    value("no process", open_pid(0x3ffffff0, 0));
    value("process 0", open_pid(0, 0));
    value("a negative one", open_pid(-1, 0));
    value("a wrong flag", open_pid(getpid(), 1));
    int fd = done("ourselves", open_pid(getpid(), 0));
    value("closed on exec", fcntl(fd, F_GETFD));
    value("flags", fcntl(fd, F_GETFL));
    char byte;
    value("read", read(fd, &byte, 1));
    value("write", write(fd, "", 1));
    holds("its number is told", told_pid(fd) == getpid());
    events("we live", fd, 0);
    close(fd);
    fd = done("that does not wait", open_pid(getpid(), O_NONBLOCK));
    holds("flag", fcntl(fd, F_GETFL) & O_NONBLOCK);
    close(fd);
    pthread_t thread;
    volatile pid_t tid = 0;
    stop = 0;
    pthread_create(&thread, NULL, sleeper, (void *)&tid);
    while (!tid)
        sched_yield();
    holds("a thread is no process", open_pid(tid, 0) == -1);
    fd = done("a thread", open_pid(tid, PIDFD_THREAD));
    int leader = done("the first thread", open_pid(getpid(), PIDFD_THREAD));
    holds("its number is told", told_pid(fd) == tid);
    events("it lives", fd, 0);
    value("a signal to it", send_signal(fd, 0, NULL, 0));
    stop = 1;
    gone("it ends", fd);
    pthread_join(thread, NULL);
    value("a signal to one that has ended", send_signal(fd, 0, NULL, 0));
    holds("it has no number", told_pid(fd) == -1);
    events("the first thread lives", leader, 0);
    close(fd);
    close(leader);
}

static void lives(void)
{
    pid_t child = waiting_child();
    int fd = must("pidfd_open", open_pid(child, 0)), other = must("pidfd_open", open_pid(child, O_NONBLOCK));
    int epoll = must("epoll", epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = 5 };
    must("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    siginfo_t info = { 0 };
    events("a child that lives", fd, 0);
    value("not ended yet", waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
    value("nor would it wait", waitid(P_PIDFD, other, &info, WEXITED));
    value("of a negative descriptor", waitid(P_PIDFD, -1, &info, WEXITED));
    value("of one that is not open", waitid(P_PIDFD, 1000, &info, WEXITED));
    value("of something else", waitid(P_PIDFD, 0, &info, WEXITED));
    value("a signal of no process", send_signal(0, 0, NULL, 0));
    value("a signal of no descriptor", send_signal(1000, 0, NULL, 0));
    value("no such signal", send_signal(fd, 65, NULL, 0));
    value("no such flag", send_signal(fd, 0, NULL, 8));
    value("two flags", send_signal(fd, 0, NULL, 3));
    value("to the thread", send_signal(fd, 0, NULL, 1));
    value("to the process", send_signal(fd, 0, NULL, 2));
    value("to the group", send_signal(fd, 0, NULL, 4));
    info = (siginfo_t) { .si_signo = SIGUSR1, .si_code = SI_USER };
    value("as if by kill", send_signal(fd, SIGUSR1, &info, 0));
    info.si_code = SI_QUEUE;
    value("another number within", send_signal(fd, SIGUSR2, &info, 0));
    value("from nowhere", send_signal(fd, SIGUSR1, (siginfo_t *)8, 0));
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", (int)child);
    int folder = must(path, open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC));
    value("by its folder in /proc", send_signal(folder, 0, NULL, 0));
    value("SIGKILL", send_signal(fd, SIGKILL, NULL, 0));
    events("it ends", fd, -1);
    holds("told by epoll", epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u32 == 5);
    holds("still its number", told_pid(fd) == child);
    value("a signal to a zombie", send_signal(fd, 0, NULL, 0));
    holds("opened again", open_pid(child, 0) > 0);
    memset(&info, 0, sizeof info);
    value("looked at", waitid(P_PIDFD, fd, &info, WEXITED | WNOWAIT));
    value("waited for", waitid(P_PIDFD, other, &info, WEXITED));
    printf("it is %s, signal %d, code %d, status %d\n", info.si_pid == child ? "the child" : "another", info.si_signo, info.si_code, info.si_status);
    value("again", waitid(P_PIDFD, fd, &info, WEXITED));
    events("forgotten", fd, 0);
    holds("it has no number", told_pid(fd) == -1);
    value("a signal", send_signal(fd, 0, NULL, 0));
    value("and by its folder", send_signal(folder, 0, NULL, 0));
    close(folder);
    close(epoll);
    close(fd);
    close(other);
    close(ends[1]);
    fd = must("pidfd_open", open_pid(getpid(), 0));
    value("who is no child", waitid(P_PIDFD, fd, &info, WEXITED));
    close(fd);
}

static int fd_seen;

static int sees(void *argument)
{
    fd_seen = CALL(SYS_fcntl, *(volatile int *)argument, F_GETFD) >= 0;
    return 0;
}

static int lowest(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

static void cloned(void)
{
    int fd = -1, tid = -1, before = lowest();
    long child = made("a child with a descriptor", spawn(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, TOP(stack), &fd, NULL, NULL, sees, &fd));
    value("seen by it", fd_seen);
    value("flags", fcntl(fd, F_GETFD));
    siginfo_t info = { 0 };
    holds("waited for", waitid(P_PIDFD, fd, &info, WEXITED) == 0 && info.si_pid == child);
    close(fd);
    child = made("with shared files", spawn(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, TOP(stack), &fd, NULL, NULL, sees, &fd));
    value("seen by it", fd_seen);
    reap("it", child);
    close(fd);
    struct clone_args some = { .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD, .stack = (unsigned long)stack, .stack_size = sizeof stack,
        .parent_tid = (unsigned long)&tid, .pidfd = (unsigned long)&fd };
    child = made("with its number and a descriptor", spawn3(&some, sizeof some, sees, &fd));
    holds("both told", tid == child && told_pid(fd) == child);
    reap("it", child);
    close(fd);
    some.pidfd = some.parent_tid;
    answer("both in one word", spawn3(&some, sizeof some, sees, &fd));
    some.pidfd = 8;
    answer("a word nowhere", spawn3(&some, sizeof some, sees, &fd));
    answer("no child of it", CALL(SYS_wait4, -1, 0, WNOHANG | __WALL));
    some.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES;
    some.exit_signal = 0;
    some.pidfd = (unsigned long)&fd;
    made("a thread with a descriptor", spawn3(&some, sizeof some, sees, &fd));
    gone("it has ended", fd);
    value("closed", close(fd));
    holds("none is left over", lowest() == before);
    struct rlimit limit, none;
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = before;
    setrlimit(RLIMIT_NOFILE, &none);
    answer("too many descriptors", spawn(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, TOP(stack), &fd, NULL, NULL, sees, &fd));
    value("too many to open one", open_pid(getpid(), 0));
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void taking(void)
{
    pid_t child = waiting_child();
    int fd = must("pidfd_open", open_pid(child, 0)), mine = must("pidfd_open", open_pid(getpid(), 0));
    value("with flags", syscall(SYS_pidfd_getfd, fd, 0, 1));
    value("of no process", syscall(SYS_pidfd_getfd, 0, 0, 0));
    value("one that is not open", syscall(SYS_pidfd_getfd, fd, 1000, 0));
    value("a negative one", syscall(SYS_pidfd_getfd, fd, -1, 0));
    int taken = done("our own", syscall(SYS_pidfd_getfd, mine, ends[1], 0));
    value("closed on exec", fcntl(taken, F_GETFD));
    close(taken);
    taken = done("its input", syscall(SYS_pidfd_getfd, fd, 0, 0));
    close(taken);
    must("kill", kill(child, SIGKILL));
    outcome("the child", child);
    value("of one that is gone", syscall(SYS_pidfd_getfd, fd, 0, 0));
    close(fd);
    close(mine);
    close(ends[1]);
}

static int strangers(void)
{
    must("setuid", setresuid(1000, 1000, 1000));
    int fd = must("pidfd_open", open_pid(getppid(), 0));
    value("a stranger's signal", send_signal(fd, 0, NULL, 0));
    value("a stranger's file", syscall(SYS_pidfd_getfd, fd, 0, 0));
    events("a stranger lives", fd, 0);
    int number = 12345;
    struct clone_args some = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD, .stack = (unsigned long)stack, .stack_size = sizeof stack, .set_tid = (unsigned long)&number, .set_tid_size = 1 };
    answer("a number of one's own choice", spawn3(&some, sizeof some, sees, &number));
    answer("a mount namespace", CALL(SYS_clone, CLONE_VM | CLONE_VFORK | CLONE_NEWNS | SIGCHLD, TOP(stack)));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        char byte;
        return (int)read(atoi(argv[2]), &byte, 1);
    }
    if (argc > 1)
        return strangers();
    skip_unless(geteuid() == 0, "root");
    opening();
    lives();
    cloned();
    taking();
    outcome("strangers", START("strangers"));
    return broken;
}
