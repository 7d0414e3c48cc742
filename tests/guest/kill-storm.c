// kill-storm [ROUNDS [SEED]]: processes whose threads are in all the states there are get stopped, continued, interrupted and ended, by chance. Each ends as it was told to, leaves nothing behind, and nobody waits for ever.
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

enum { READY = 10, CONTROL = 11, VICTIMS = 3, HANDLED = 42, EXITS = 21, EXECUTED = 31 };

static unsigned long random_state = 1;

static unsigned dice(unsigned sides)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 20) % sides;
}

// What a victim's threads are at. Each says that it begins, and does so for ever.
static volatile int begun;
static volatile unsigned long sink;
static int empty[2], full[2], lock_file = -1;
static sigset_t awaited;

static void begin(void) { __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST); }

static void on_signal(int signal)
{
    for (int i = 0; i < 200; i++)
        sink += (unsigned long)i * sink + 1;
}

static void computes(void)
{
    for (;;)
        sink = sink * 3 + 1;
}

static void in_futex(void)
{
    static int word;
    for (;;)
        syscall(SYS_futex, &word, 128, 0, NULL, NULL, 0);
}

static void in_nanosleep(void)
{
    for (;;)
        nap(1000000);
}

static void in_read(void)
{
    char byte;
    for (;;)
        if (read(empty[0], &byte, 1) == 0)
            abort();
}

static void in_write(void)
{
    static char much[1 << 17];
    for (;;)
        if (write(full[1], much, sizeof much) == 0)
            abort();
}

static void in_poll(void)
{
    struct pollfd set = { empty[0], POLLIN, 0 };
    for (;;)
        poll(&set, 1, -1);
}

static void in_epoll(void)
{
    struct epoll_event event = { .events = EPOLLIN };
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, empty[0], &event);
    for (;;)
        epoll_wait(epoll, &event, 1, 1000000);
}

static void in_accept(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "kill-storm.%d.%ld", (int)getpid(), syscall(SYS_gettid));
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must("bind", bind(listener, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + (unsigned)length));
    must("listen", listen(listener, 1));
    for (;;)
        accept(listener, NULL, NULL);
}

static void in_sigtimedwait(void)
{
    struct timespec long_time = { 1000, 0 };
    for (;;)
        sigtimedwait(&awaited, NULL, &long_time);
}

static void in_pause(void)
{
    for (;;)
        pause();
}

static void in_lock(void)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int other = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    for (;;)
        if (fcntl(lock_file, 38 /* F_OFD_SETLKW */, &lock) == 0 || other < 0)
            pause(); // not lockable here, or ours
}

static void reads_to_the_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) != 0)
        ;
}

static void in_wait4(void)
{
    char number[16];
    snprintf(number, sizeof number, "%d", empty[0]);
    pid_t child = vfork();
    if (child == 0) {
        fcntl(empty[0], F_SETFD, 0);
        execl("/proc/self/exe", "guest", "lasts", number, (char *)0);
        _exit(126);
    }
    for (;;)
        if (waitpid(child, NULL, 0) == child)
            abort();
}

static void in_vfork(void)
{
    if (vfork() == 0) {
        close(empty[1]);
        close(READY);
        reads_to_the_end(empty[0]);
        _exit(0);
    }
    abort();
}

static void *ends_at_once(void *argument) { return NULL; }

static void makes_threads(void)
{
    pthread_t thread;
    for (;;)
        if (pthread_create(&thread, NULL, ends_at_once, NULL) == 0)
            pthread_join(thread, NULL);
}

static void makes_processes(void)
{
    for (;;) {
        pid_t child = vfork();
        if (child == 0) {
            execl("/proc/self/exe", "guest", "short", (char *)0);
            _exit(126);
        }
        while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

static void in_handlers(void)
{
    for (;;)
        syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
}

static void (*const states[])(void) = {
    computes, in_futex, in_nanosleep, in_read, in_write, in_poll, in_epoll, in_accept, in_sigtimedwait, in_pause, in_lock, in_wait4, makes_threads, makes_processes, in_handlers, in_vfork,
};
enum { STATES = COUNT(states), IN_VFORK = STATES - 1 };

static void *live(void *state)
{
    begin();
    ((void (*)(void))state)();
    return NULL;
}

static void on_term(int signal) { _exit(HANDLED); }

static char program[256];

// Does what it is told by a byte, beside those that are at something.
static void *obeys(void *argument)
{
    char order;
    while (read(CONTROL, &order, 1) != 1)
        ;
    if (order == 'x') {
        signal(SIGUSR1, SIG_IGN); // what is pending would meet the program without its handler
        execl(program, "guest", "executed", (char *)0);
    }
    _exit(order == 'e' ? EXITS : 125);
}

// victim STATES TERM: the states are bits, the highest is the first thread's.
static void victim(unsigned bits, int handles)
{
    pthread_t thread;
    pthread_attr_t small;
    int total = 0, last = 31 - __builtin_clz(bits);
    setpgid(0, 0);
    must("readlink", readlink("/proc/self/exe", program, sizeof program - 1));
    fcntl(READY, F_SETFD, FD_CLOEXEC);
    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    must("pipe", pipe2(empty, O_CLOEXEC));
    must("pipe", pipe2(full, O_CLOEXEC));
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR2);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = bits & 1 ? SA_RESTART : 0 };
    sigaction(SIGUSR1, &action, NULL);
    if (handles)
        signal(SIGTERM, on_term);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 32768);
    pthread_create(&thread, &small, obeys, NULL);
    for (int i = 0; i < last; i++)
        if (bits & (1u << i)) {
            pthread_create(&thread, &small, live, (void *)states[i]);
            total++;
        }
    while (begun < total)
        sched_yield();
    must("ready", write(READY, "r", 1));
    states[last]();
}

struct prey {
    pid_t pid;
    unsigned bits;
    int handles, control, kinds; // how it may end, a bit for each
    int ready;
};
enum { BY_KILL = 1, BY_TERM = 2, BY_HANDLER = 4, BY_EXIT = 8, BY_EXEC = 16 };

static unsigned long seed;
static long round_number;

static void wrong(const char *what, const struct prey *prey, int status)
{
    printf("seed %lu round %ld states %x kinds %x: %s, status %x\n", seed, round_number, prey->bits, (unsigned)prey->kinds, what, (unsigned)status);
    broken = 1;
}

static void begin_victim(struct prey *prey)
{
    char bits[16];
    int control[2];
    prey->bits = 0;
    for (unsigned i = 0, more = 2 + dice(4); i < more; i++)
        prey->bits |= 1u << dice(STATES);
    // Linux may leave a handler's signal to a thread that waits for its vfork child, for ever.
    prey->handles = dice(2) == 0 && !(prey->bits & (1u << IN_VFORK));
    prey->kinds = 0;
    must("pipe", pipe2(control, O_CLOEXEC));
    must("dup2", dup2(control[0], CONTROL));
    close(control[0]);
    prey->control = control[1];
    snprintf(bits, sizeof bits, "%u", prey->bits);
    prey->pid = START("victim", bits, prey->handles ? "1" : "0");
    close(CONTROL);
}

static pid_t wait_for(pid_t pid, int *status, int options)
{
    pid_t got;
    while ((got = waitpid(pid, status, options)) < 0 && errno == EINTR)
        ;
    return got;
}

// A vfork's parent takes no part in a stop before its child lets it go.
static void stop_and_go_on(struct prey *prey)
{
    int status;
    kill(prey->pid, SIGSTOP);
    if (!(prey->bits & (1u << IN_VFORK)) && (wait_for(prey->pid, &status, WUNTRACED) != prey->pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP))
        wrong("not stopped", prey, status);
    if (dice(2))
        kill(prey->pid, SIGUSR1);
    kill(prey->pid, SIGCONT);
    if (!(prey->bits & (1u << IN_VFORK)) && (wait_for(prey->pid, &status, WCONTINUED) != prey->pid || !WIFCONTINUED(status)))
        wrong("not continued", prey, status);
}

static void annoy(struct prey *prey)
{
    for (unsigned i = dice(6); i > 0; i--)
        switch (dice(5)) {
        case 0:
            stop_and_go_on(prey);
            break;
        case 1:
            for (int j = 0; j < 5; j++) {
                kill(prey->pid, SIGSTOP);
                kill(prey->pid, SIGCONT);
            }
            break;
        case 2:
            for (int j = 0; j < 10; j++)
                kill(prey->pid, SIGUSR1);
            break;
        case 3:
            syscall(SYS_tgkill, prey->pid, prey->pid, SIGUSR1);
            break;
        default:
            sched_yield();
        }
}

static int kind_of_term(struct prey *prey) { return !prey->handles ? BY_TERM : prey->ready ? BY_HANDLER : BY_HANDLER | BY_TERM; }

static void finish(struct prey *prey)
{
    // The order to exit is taken by a thread that nobody stops any more.
    switch (dice(prey->ready ? 8 : 4)) {
    case 0:
        kill(prey->pid, SIGKILL);
        prey->kinds = BY_KILL;
        break;
    case 1:
        kill(prey->pid, SIGTERM);
        prey->kinds = kind_of_term(prey);
        break;
    case 2:
        kill(prey->pid, SIGSTOP);
        kill(prey->pid, SIGKILL);
        prey->kinds = BY_KILL;
        break;
    case 3:
        kill(prey->pid, SIGSTOP);
        kill(prey->pid, SIGTERM);
        kill(prey->pid, SIGCONT);
        prey->kinds = kind_of_term(prey);
        break;
    case 4:
        kill(-prey->pid, SIGKILL);
        prey->kinds = BY_KILL;
        break;
    case 5:
        must("order", write(prey->control, "e", 1));
        prey->kinds = BY_EXIT;
        break;
    case 6:
        must("order", write(prey->control, "x", 1));
        prey->kinds = BY_EXEC;
        break;
    default:
        must("order", write(prey->control, dice(2) ? "x" : "e", 1));
        if (dice(2))
            sched_yield();
        kill(prey->pid, SIGKILL);
        prey->kinds = BY_EXEC | BY_EXIT | BY_KILL;
    }
}

static void check_end(struct prey *prey)
{
    int status = 0;
    if (wait_for(prey->pid, &status, 0) != prey->pid) {
        wrong("not there", prey, errno);
        return;
    }
    int kind = WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL ? BY_KILL : WTERMSIG(status) == SIGTERM ? BY_TERM : 0
        : !WIFEXITED(status) ? 0 : WEXITSTATUS(status) == HANDLED ? BY_HANDLER : WEXITSTATUS(status) == EXITS ? BY_EXIT : WEXITSTATUS(status) == EXECUTED ? BY_EXEC : 0;
    if (!(kind & prey->kinds))
        wrong("another end", prey, status);
}

static void round_of_three(int ready)
{
    struct prey prey[VICTIMS];
    int ready_ends[2], status;
    char byte;
    must("pipe", pipe2(ready_ends, O_CLOEXEC));
    must("dup2", dup2(ready_ends[1], READY));
    for (int i = 0; i < VICTIMS; i++)
        begin_victim(&prey[i]);
    close(ready_ends[1]);
    close(READY);
    for (int i = 0; ready && i < VICTIMS; i++)
        must("a victim is ready", read(ready_ends[0], &byte, 1));
    for (int i = 0; i < VICTIMS; i++) {
        prey[i].ready = ready;
        if (ready)
            annoy(&prey[i]);
    }
    for (int i = 0; i < VICTIMS; i++)
        finish(&prey[i]);
    for (int i = 0; i < VICTIMS; i++)
        check_end(&prey[i]);
    // What they leave comes to us, and ends by itself: nobody writes to it any more.
    while (wait_for(-1, &status, 0) > 0)
        ;
    for (int i = 0; i < VICTIMS; i++) {
        if (write(prey[i].control, "x", 1) != -1 || errno != EPIPE)
            wrong("its end of a pipe is still open", &prey[i], 0);
        close(prey[i].control);
    }
    while (read(ready_ends[0], &byte, 1) > 0)
        ;
    close(ready_ends[0]);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "victim"))
        victim((unsigned)atoi(argv[2]), atoi(argv[3]));
    if (argc > 1 && !strcmp(argv[1], "executed"))
        return EXECUTED;
    if (argc > 1 && !strcmp(argv[1], "short"))
        return 0;
    if (argc > 1 && !strcmp(argv[1], "lasts")) {
        reads_to_the_end(atoi(argv[2]));
        return 0;
    }
    long rounds = argc > 1 ? atol(argv[1]) : 25;
    seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
    printf("seed %lu, rounds %ld\n", seed, rounds);
    random_state = seed * 0x9e3779b97f4a7c15 + 1;
    signal(SIGPIPE, SIG_IGN);
    must("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
    for (round_number = 0; round_number < rounds; round_number++) {
        alarm(60); // nothing takes as long, so that would be the end of a wait for ever
        round_of_three(dice(4) != 0);
    }
    puts("over");
    return broken;
}
