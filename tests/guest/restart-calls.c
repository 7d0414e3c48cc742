// Every call that waits, and what a signal's handler does to it: with SA_RESTART, without, and what a stop does (signal(7), "Interruption of system calls"). And what is left of a time.
#include "guest.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>

static volatile int handled, returned, go, holding, let_go;
static volatile unsigned word;
static pid_t process, subject;
static int empty[2], full[2], tty[2], event_fd, signal_fd, timer_fd, epoll_fd, lock_fd, other_lock_fd, listener, sockets[2], full_sockets[2], timed[2], full_timed[2], messages, full_messages, semaphore, lasting[2];
static pid_t child;
static char much[1 << 16], byte;
static struct timespec left;
static struct timeval left_to_select;
static const struct timespec long_time = { 1000, 0 };
static sigset_t usr2, nothing_blocked;
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static socklen_t address_length;
struct message { long type; char text[16]; };

static void on_signal(int signal) { handled++; }

// The waits, by whom they are released in the end where they began again.
static long do_read(void) { return read(empty[0], &byte, 1); }
static long do_readv(void) { return readv(empty[0], &(struct iovec) { &byte, 1 }, 1); }
static void put_byte(void) { must("write", write(empty[1], "x", 1)); }
static long do_write(void) { return write(full[1], "x", 1); }
static long do_writev(void) { return writev(full[1], &(struct iovec) { &byte, 1 }, 1); }
static long do_vmsplice(void) { return vmsplice(full[1], &(struct iovec) { much, 1 }, 1, 0); }
static void drain(void)
{
    int flags = fcntl(full[0], F_GETFL);
    fcntl(full[0], F_SETFL, flags | O_NONBLOCK);
    while (read(full[0], much, sizeof much) > 0)
        ;
    fcntl(full[0], F_SETFL, flags);
}
static void fill(void)
{
    int flags = fcntl(full[1], F_GETFL);
    drain();
    fcntl(full[1], F_SETFL, flags | O_NONBLOCK);
    while (write(full[1], much, sizeof much) > 0)
        ;
    fcntl(full[1], F_SETFL, flags & ~O_NONBLOCK);
}
static long do_splice(void) { return splice(empty[0], NULL, full[1], NULL, 1, 0); }
static long do_tee(void) { return tee(empty[0], full[1], 1, 0); }
static void fill_and_put(void) { fill(), put_byte(); }
static long do_open(void)
{
    int fd = open("fifo", O_RDONLY);
    return fd < 0 ? fd : close(fd);
}
static void open_other(void) { close(must("open", open("fifo", O_WRONLY))); }
static long do_read_tty(void) { return read(tty[1], much, sizeof much); }
static void type(void) { must("write", write(tty[0], "abc\n", 4)); }
static long do_read_event(void) { return eventfd_read(event_fd, &(eventfd_t) { 0 }); }
static void add_event(void) { must("eventfd", eventfd_write(event_fd, 1)); }
static long do_read_signal(void) { return read(signal_fd, much, sizeof(struct signalfd_siginfo)) > 0 ? 1 : -1; }
static void send_usr2(void) { syscall(SYS_tgkill, process, subject, SIGUSR2); }
static long do_read_timer(void) { return read(timer_fd, much, 8); }
static void set_timer(void) { must("timerfd", timerfd_settime(timer_fd, 0, &(struct itimerspec) { { 0, 0 }, { 0, 1 } }, NULL)); }
static long do_wait4(void) { return waitpid(child, NULL, 0) == child ? 1 : -1; }
static long do_waitid(void) { return waitid(P_PID, (id_t)child, &(siginfo_t) { 0 }, WEXITED); }
static void make_child(void)
{
    char number[16];
    must("pipe", pipe2(lasting, O_CLOEXEC));
    snprintf(number, sizeof number, "%d", lasting[0]);
    child = vfork();
    if (child == 0) {
        fcntl(lasting[0], F_SETFD, 0);
        execl("/proc/self/exe", "guest", "lasts", number, (char *)0);
        _exit(126);
    }
    close(lasting[0]);
}
static void end_child(void) { close(lasting[1]); }
static void reap(void)
{
    if (!let_go)
        end_child();
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}
static long do_accept(void)
{
    int fd = accept(listener, NULL, NULL);
    return fd < 0 ? fd : close(fd);
}
static int new_socket(void) { return (int)must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
static void connect_once(void)
{
    int fd = new_socket();
    must("connect", connect(fd, (struct sockaddr *)&address, address_length));
    close(fd);
}
static int waiting_connections[2];
static void fill_backlog(void)
{
    for (int i = 0; i < 2; i++) {
        waiting_connections[i] = new_socket();
        must("connect", connect(waiting_connections[i], (struct sockaddr *)&address, address_length));
    }
}
static long do_connect(void)
{
    int fd = new_socket();
    long result = connect(fd, (struct sockaddr *)&address, address_length), error = errno;
    close(fd);
    errno = (int)error;
    return result;
}
static void accept_one(void) { close(must("accept", accept(listener, NULL, NULL))); }
static void accept_all(void)
{
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;)
        close(fd);
    fcntl(listener, F_SETFL, 0);
    close(waiting_connections[0]);
    close(waiting_connections[1]);
}
static long do_recv(void) { return recv(sockets[0], &byte, 1, 0); }
static long do_recvfrom(void) { return recvfrom(sockets[0], &byte, 1, 0, NULL, NULL); }
static long do_recvmsg(void) { return recvmsg(sockets[0], &(struct msghdr) { .msg_iov = &(struct iovec) { &byte, 1 }, .msg_iovlen = 1 }, 0); }
static struct mmsghdr *one_message(void)
{
    static struct iovec part = { &byte, 1 };
    static struct mmsghdr header;
    header = (struct mmsghdr) { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
    return &header;
}
static long do_recvmmsg(void) { return syscall(SYS_recvmmsg, sockets[0], one_message(), 1, 0, NULL); }
static long do_recvmmsg_timed(void)
{
    struct timespec time = long_time;
    return syscall(SYS_recvmmsg, sockets[0], one_message(), 1, 0, &time);
}
static void send_byte(void) { must("send", send(sockets[1], "x", 1, 0)); }
static long do_send(void) { return send(full_sockets[1], "x", 1, 0); }
static long do_sendmsg(void) { return sendmsg(full_sockets[1], &(struct msghdr) { .msg_iov = &(struct iovec) { &byte, 1 }, .msg_iovlen = 1 }, 0); }
static void drain_socket(void)
{
    while (recv(full_sockets[0], much, sizeof much, MSG_DONTWAIT) > 0)
        ;
}
static void fill_socket(void)
{
    drain_socket();
    while (send(full_sockets[1], much, sizeof much, MSG_DONTWAIT) > 0)
        ;
    while (send(full_sockets[1], much, 1, MSG_DONTWAIT) > 0)
        ;
}
static long do_recv_timed(void) { return recv(timed[0], &byte, 1, 0); }
static void send_timed(void) { must("send", send(timed[1], "x", 1, 0)); }
static long do_send_timed(void) { return send(full_timed[1], "x", 1, 0); }
static void drain_timed(void)
{
    while (recv(full_timed[0], much, sizeof much, MSG_DONTWAIT) > 0)
        ;
}
static void fill_timed(void)
{
    drain_timed();
    while (send(full_timed[1], much, sizeof much, MSG_DONTWAIT) > 0)
        ;
    while (send(full_timed[1], much, 1, MSG_DONTWAIT) > 0)
        ;
}
static long do_flock(void) { return flock(lock_fd, LOCK_EX); }
static void lock_other(void) { must("flock", flock(other_lock_fd, LOCK_EX)); }
static void unlock_other(void) { must("flock", flock(other_lock_fd, LOCK_UN)); }
static void unlock_both(void) { flock(other_lock_fd, LOCK_UN), flock(lock_fd, LOCK_UN); }
static long lock_range(int fd, int command, int type)
{
    struct flock lock = { .l_type = (short)type, .l_whence = SEEK_SET };
    return fcntl(fd, command, &lock);
}
static long do_setlkw(void) { return lock_range(lock_fd, F_SETLKW, F_WRLCK); }
static long do_ofd_setlkw(void) { return lock_range(lock_fd, 38, F_WRLCK); }
static void range_other(void) { must("lock", lock_range(other_lock_fd, 37, F_WRLCK)); }
static void unrange_other(void) { must("unlock", lock_range(other_lock_fd, 37, F_UNLCK)); }
static void unrange_both(void) { unrange_other(), lock_range(lock_fd, 37, F_UNLCK), lock_range(lock_fd, F_SETLK, F_UNLCK); }
static long do_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long do_futex_timed(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &long_time, NULL, 0); }
static long do_futex_bitset(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 1000;
    return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &time, NULL, 1);
}
static long do_futex_pi(void)
{
    long result = syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
    return result == 0 ? syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) : result;
}
static void own_futex(void)
{
    word = 0;
    must("own", syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}
static void disown_futex(void) { must("disown", syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0)); }
static long do_futex_waitv(void)
{
    struct { unsigned long value, address; unsigned flags, reserved; } wait = { 0, (unsigned long)&word, 2, 0 };
    return syscall(449, &wait, 1, 0, NULL, 0);
}
static void wake_futex(void)
{
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
static void clear_word(void) { word = 0; }
static long do_msgrcv(void) { return msgrcv(messages, &(struct message) { 0 }, 16, 0, 0); }
static void put_message(void) { must("msgsnd", msgsnd(messages, &(struct message) { 1, "x" }, 16, 0)); }
static long do_msgsnd(void) { return msgsnd(full_messages, &(struct message) { 1, "x" }, 16, 0); }
static void drain_messages(void)
{
    while (msgrcv(full_messages, &(struct message) { 0 }, 16, 0, IPC_NOWAIT) >= 0)
        ;
}
static void fill_messages(void)
{
    drain_messages();
    while (msgsnd(full_messages, &(struct message) { 1, "x" }, 16, IPC_NOWAIT) == 0)
        ;
}
static long do_semop(void) { return semop(semaphore, &(struct sembuf) { 0, -1, 0 }, 1); }
static long do_semtimedop(void) { return syscall(SYS_semtimedop, semaphore, &(struct sembuf) { 0, -1, 0 }, 1, &long_time); }
static void post(void) { must("semop", semop(semaphore, &(struct sembuf) { 0, 1, 0 }, 1)); }
static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) { return sigsuspend(&nothing_blocked); }
static long do_sigwaitinfo(void) { return syscall(SYS_rt_sigtimedwait, &usr2, NULL, NULL, 8); } // musl calls again
static long do_sigtimedwait(void) { return syscall(SYS_rt_sigtimedwait, &usr2, NULL, &long_time, 8); }
static long do_poll(void) { return poll(&(struct pollfd) { empty[0], POLLIN, 0 }, 1, -1); }
static long do_poll_timed(void) { return poll(&(struct pollfd) { empty[0], POLLIN, 0 }, 1, 1000000); }
static long do_ppoll(void)
{
    left = long_time;
    return syscall(SYS_ppoll, &(struct pollfd) { empty[0], POLLIN, 0 }, 1, &left, NULL, 0);
}
static long do_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(empty[0], &set);
    left_to_select = (struct timeval) { 1000, 0 };
    long result = syscall(SYS_select, empty[0] + 1, &set, NULL, NULL, &left_to_select);
    left = (struct timespec) { left_to_select.tv_sec, left_to_select.tv_usec * 1000 };
    return result;
}
static long do_pselect(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(empty[0], &set);
    left = long_time;
    return syscall(SYS_pselect6, empty[0] + 1, &set, NULL, NULL, &left, NULL);
}
static long do_epoll_wait(void) { return syscall(SYS_epoll_wait, epoll_fd, &(struct epoll_event) { 0 }, 1, -1); }
static long do_epoll_pwait(void) { return syscall(SYS_epoll_pwait, epoll_fd, &(struct epoll_event) { 0 }, 1, 1000000, &nothing_blocked, 8); }
static long do_epoll_pwait2(void) { return syscall(441, epoll_fd, &(struct epoll_event) { 0 }, 1, &long_time, &nothing_blocked, 8); }
static void again(void) { syscall(SYS_tgkill, process, subject, SIGUSR1); }
static long do_nanosleep(void)
{
    left = (struct timespec) { 0, 0 };
    return syscall(SYS_nanosleep, &long_time, &left);
}
static long do_clock_nanosleep(void)
{
    left = (struct timespec) { 0, 0 };
    return syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &long_time, &left);
}
static long do_clock_nanosleep_until(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += 1000;
    left = (struct timespec) { 7, 7 };
    return syscall(SYS_clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &time, &left);
}

#define WAIT(called, by, until, ...) { .name = called, .call = by, .release = until, ##__VA_ARGS__ }
static const struct wait {
    const char *name;
    long (*call)(void);
    void (*release)(void); // makes what was waited for true
    void (*before)(void), (*after)(void);
    int shows_left, by_releaser; // the thread that releases does what comes before
} waits[] = {
    WAIT("read", do_read, put_byte),
    WAIT("readv", do_readv, put_byte),
    WAIT("write", do_write, drain, .before = fill, .after = drain),
    WAIT("writev", do_writev, drain, .before = fill, .after = drain),
    WAIT("vmsplice", do_vmsplice, drain, .before = fill, .after = drain),
    WAIT("splice from an empty pipe", do_splice, put_byte, .before = drain, .after = drain),
    WAIT("splice into a full pipe", do_splice, drain, .before = fill_and_put, .after = drain),
    WAIT("tee", do_tee, put_byte, .before = drain, .after = drain),
    WAIT("open of a fifo", do_open, open_other),
    WAIT("read of a terminal", do_read_tty, type),
    WAIT("read of an eventfd", do_read_event, add_event),
    WAIT("read of a signalfd", do_read_signal, send_usr2),
    WAIT("read of a timerfd", do_read_timer, set_timer),
    WAIT("wait4", do_wait4, end_child, .before = make_child, .after = reap),
    WAIT("waitid", do_waitid, end_child, .before = make_child, .after = reap),
    WAIT("accept", do_accept, connect_once),
    WAIT("connect", do_connect, accept_one, .before = fill_backlog, .after = accept_all),
    WAIT("recv", do_recv, send_byte),
    WAIT("recvfrom", do_recvfrom, send_byte),
    WAIT("recvmsg", do_recvmsg, send_byte),
    WAIT("recvmmsg", do_recvmmsg, send_byte),
    WAIT("recvmmsg with a timeout", do_recvmmsg_timed, send_byte),
    WAIT("send", do_send, drain_socket, .before = fill_socket, .after = drain_socket),
    WAIT("sendmsg", do_sendmsg, drain_socket, .before = fill_socket, .after = drain_socket),
    WAIT("recv with SO_RCVTIMEO", do_recv_timed, send_timed),
    WAIT("send with SO_SNDTIMEO", do_send_timed, drain_timed, .before = fill_timed, .after = drain_timed),
    WAIT("flock", do_flock, unlock_other, .before = lock_other, .after = unlock_both),
    WAIT("F_SETLKW", do_setlkw, unrange_other, .before = range_other, .after = unrange_both),
    WAIT("F_OFD_SETLKW", do_ofd_setlkw, unrange_other, .before = range_other, .after = unrange_both),
    WAIT("FUTEX_WAIT", do_futex, wake_futex, .before = clear_word),
    WAIT("FUTEX_WAIT with a timeout", do_futex_timed, wake_futex, .before = clear_word),
    WAIT("FUTEX_WAIT_BITSET with a timeout", do_futex_bitset, wake_futex, .before = clear_word),
    WAIT("futex_waitv", do_futex_waitv, wake_futex, .before = clear_word),
    WAIT("FUTEX_LOCK_PI", do_futex_pi, disown_futex, .before = own_futex, .by_releaser = 1),
    WAIT("msgrcv", do_msgrcv, put_message),
    WAIT("msgsnd", do_msgsnd, drain_messages, .before = fill_messages, .after = drain_messages),
    WAIT("semop", do_semop, post),
    WAIT("semtimedop", do_semtimedop, post),
    WAIT("pause", do_pause, again),
    WAIT("sigsuspend", do_sigsuspend, again),
    WAIT("sigwaitinfo", do_sigwaitinfo, send_usr2),
    WAIT("sigtimedwait", do_sigtimedwait, send_usr2),
    WAIT("poll", do_poll, put_byte),
    WAIT("poll with a timeout", do_poll_timed, put_byte),
    WAIT("ppoll", do_ppoll, put_byte, .shows_left = 1),
    WAIT("select", do_select, put_byte, .shows_left = 1),
    WAIT("pselect6", do_pselect, put_byte, .shows_left = 1),
    WAIT("epoll_wait", do_epoll_wait, put_byte),
    WAIT("epoll_pwait", do_epoll_pwait, put_byte),
    WAIT("epoll_pwait2", do_epoll_pwait2, put_byte),
    WAIT("nanosleep", do_nanosleep, again, .shows_left = 1),
    WAIT("clock_nanosleep", do_clock_nanosleep, again, .shows_left = 1),
    WAIT("clock_nanosleep until a time", do_clock_nanosleep_until, again),
};

enum { HANDLED, RESTARTED, STOPPED, WAYS };
static const char *const ways[] = { "handler", "SA_RESTART", "stop" };
static const struct wait *volatile current;
static volatile int way;

static void stop_and_continue(void)
{
    pid_t stopper = START("stops");
    while (waitpid(stopper, NULL, 0) < 0 && errno == EINTR)
        ;
}

// Asleep again in the call, or back from it.
static void until_asleep(void)
{
    while (thread_state(subject) != 'S' && !returned)
        sched_yield();
}

static void *disturb(void *argument)
{
    if (current->by_releaser)
        current->before();
    holding = 1;
    while (!go)
        sched_yield();
    until_asleep();
    if (way == STOPPED) {
        stop_and_continue();
    } else {
        syscall(SYS_tgkill, process, subject, SIGUSR1);
        while (!handled)
            sched_yield();
    }
    until_asleep();
    let_go = !returned;
    if (let_go || current->by_releaser)
        current->release();
    return NULL;
}

static void try(const struct wait *wait, int how)
{
    pthread_t thread;
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = how == RESTARTED ? SA_RESTART : 0 };
    sigaction(SIGUSR1, &action, NULL);
    current = wait, way = how;
    handled = returned = go = holding = let_go = 0;
    left = (struct timespec) { 0, 0 };
    if (wait->before && !wait->by_releaser)
        wait->before();
    pthread_create(&thread, NULL, disturb, NULL);
    while (!holding)
        sched_yield();
    go = 1;
    errno = 0;
    long result = wait->call();
    int error = errno;
    returned = 1;
    pthread_join(thread, NULL);
    printf("  %s: %s", ways[how], let_go ? "goes on, then " : "");
    if (result == -1)
        printf("%s", strerror(error));
    else
        printf("%ld", result);
    if (wait->shows_left)
        printf(", %s left", left.tv_sec >= 900 && left.tv_sec <= 1000 ? "most is" : "NOT MUCH is");
    puts("");
    if (wait->after)
        wait->after();
    // What was given for nothing.
    fcntl(empty[0], F_SETFL, O_NONBLOCK);
    while (read(empty[0], &byte, 1) > 0)
        ;
    fcntl(empty[0], F_SETFL, 0);
}

// A time that began before the stop ends when it was to end, whatever happens meanwhile: never earlier.
static void times(void)
{
    static const struct timespec time = { 0, 30000000 };
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        static const struct wait nothing = { .name = "", .release = clear_word };
        current = &nothing, way = STOPPED;
        handled = returned = go = holding = let_go = 0;
        pthread_create(&thread, NULL, disturb, NULL);
        while (!holding)
            sched_yield();
        long long begin = now(CLOCK_MONOTONIC);
        go = 1;
        long result = i == 0 ? syscall(SYS_nanosleep, &time, NULL) : i == 1 ? poll(NULL, 0, 30) : syscall(SYS_futex, &word, FUTEX_WAIT, 0, &time, NULL, 0);
        int error = errno;
        returned = 1;
        pthread_join(thread, NULL);
        printf("%s over a stop: %ld %s, not before its time: %d\n", i == 0 ? "nanosleep" : i == 1 ? "poll" : "futex", result, result < 0 ? strerror(error) : "", now(CLOCK_MONOTONIC) - begin >= 30000000);
    }
}

static void prepare_all(void)
{
    must("pipe", pipe2(empty, O_CLOEXEC));
    must("pipe", pipe2(full, O_CLOEXEC));
    must("fifo", mkfifo("fifo", 0600));
    tty[0] = (int)must("ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    grantpt(tty[0]), unlockpt(tty[0]);
    tty[1] = (int)must("pts", open(ptsname(tty[0]), O_RDWR | O_NOCTTY | O_CLOEXEC));
    event_fd = (int)must("eventfd", eventfd(0, EFD_CLOEXEC));
    signal_fd = (int)must("signalfd", signalfd(-1, &usr2, SFD_CLOEXEC));
    timer_fd = (int)must("timerfd", timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    epoll_fd = (int)must("epoll", epoll_create1(EPOLL_CLOEXEC));
    must("epoll", epoll_ctl(epoll_fd, EPOLL_CTL_ADD, empty[0], &(struct epoll_event) { .events = EPOLLIN }));
    lock_fd = (int)must("file", open("file", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    other_lock_fd = (int)must("file", open("file", O_RDWR | O_CLOEXEC));
    listener = new_socket();
    must("bind", bind(listener, (struct sockaddr *)&address, sizeof address.sun_family));
    address_length = sizeof address;
    must("name", getsockname(listener, (struct sockaddr *)&address, &address_length));
    must("listen", listen(listener, 1));
    must("sockets", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
    must("sockets", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, full_sockets));
    must("sockets", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, timed));
    must("sockets", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, full_timed));
    must("option", setsockopt(timed[0], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval) { 1000, 0 }, sizeof(struct timeval)));
    must("option", setsockopt(full_timed[1], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval) { 1000, 0 }, sizeof(struct timeval)));
    messages = (int)must("msgget", msgget(IPC_PRIVATE, 0600));
    full_messages = (int)must("msgget", msgget(IPC_PRIVATE, 0600));
    semaphore = (int)must("semget", semget(IPC_PRIVATE, 1, 0600));
}

static void give_back(void)
{
    msgctl(messages, IPC_RMID, NULL);
    msgctl(full_messages, IPC_RMID, NULL);
    semctl(semaphore, 0, IPC_RMID);
    leave();
}

static int role(char **argv)
{
    if (!strcmp(argv[1], "lasts")) {
        while (read(atoi(argv[2]), &byte, 1) != 0)
            ;
        return 0;
    }
    pid_t parent = getppid();
    kill(parent, SIGSTOP);
    until_state(parent, 'T');
    kill(parent, SIGCONT);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    scratch();
    process = getpid();
    subject = (pid_t)syscall(SYS_gettid);
    sigemptyset(&nothing_blocked);
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    sigprocmask(SIG_BLOCK, &usr2, NULL);
    prepare_all();
    for (unsigned i = 0; i < COUNT(waits); i++) {
        puts(waits[i].name);
        for (int how = 0; how < WAYS; how++)
            try(&waits[i], how);
    }
    times();
    value("restart_syscall with nothing to restart", syscall(SYS_restart_syscall));
    give_back();
    return broken;
}
