// How threads end: alone, all together, the first before the others, by another program, by a signal to one or to all; and vfork beside threads that run on.
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>

static volatile int step, go, spun;
static volatile pid_t tid;
static int ends[2];

static char program[512]; // /proc/self/exe is gone with the first thread

static pid_t self(void)
{
    return (pid_t)syscall(SYS_gettid);
}

static void *sleeper(void *argument)
{
    char byte;
    __atomic_add_fetch(&step, 1, __ATOMIC_SEQ_CST);
    while (read(ends[0], &byte, 1) < 0)
        ;
    return NULL;
}

static void *spinner(void *argument)
{
    __atomic_add_fetch(&step, 1, __ATOMIC_SEQ_CST);
    for (;;)
        spun++;
    return NULL;
}

static void crowd(void)
{
    pthread_t thread;
    must("pipe", pipe(ends));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, sleeper, NULL);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread, NULL, spinner, NULL);
    while (step < 5)
        sched_yield();
}

static void *ends_last(void *argument)
{
    // The first thread has ended, the process has not.
    char state;
    while ((state = thread_state(getpid())) && state != 'Z')
        sched_yield();
    value("the first has gone: a signal to the process", kill(getpid(), 0));
    holds("its number is still the process's", getpid() != self());
    if (argument)
        exit((int)(long)argument);
    syscall(SYS_exit, 9); // the status of whoever is last
    return NULL;
}

static void *executes(void *argument)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)getpid());
    execl(program, "guest", "executed", number, (char *)0);
    return NULL;
}

static void *exits_all(void *argument)
{
    syscall(SYS_exit_group, 21);
    return NULL;
}

static void *fails_to_execute(void *argument)
{
    execl("/no/such/program", "x", (char *)0);
    return (void *)(long)errno;
}

static void *faults(void *argument)
{
    __builtin_trap();
}

static void *vforks(void *argument)
{
    for (volatile int i = 0; i < 20; i++) {
        pid_t child = vfork();
        if (child == 0) {
            int before = *(volatile int *)&spun;
            // The threads beside us run on while our parent sleeps.
            while (*(volatile int *)&spun == before)
                ;
            _exit(i);
        }
        int status;
        while (waitpid(child, &status, 0) < 0)
            ;
        if (WEXITSTATUS(status) != i)
            return (void *)-1L;
    }
    return NULL;
}

static int role(const char *name, char **argv)
{
    pthread_t thread;
    if (!strcmp(name, "leader-exits") || !strcmp(name, "leader-exits-then-exit")) {
        pthread_create(&thread, NULL, ends_last, strlen(name) > 12 ? (void *)17L : NULL);
        syscall(SYS_exit, 5);
    }
    if (!strcmp(name, "leader-executes")) {
        crowd();
        executes(NULL);
    }
    if (!strcmp(name, "other-executes")) {
        crowd();
        pthread_create(&thread, NULL, executes, NULL);
        pthread_join(thread, NULL);
    }
    if (!strcmp(name, "other-executes-alone")) {
        pthread_create(&thread, NULL, executes, NULL);
        syscall(SYS_exit, 5);
    }
    if (!strcmp(name, "all-execute")) {
        crowd();
        for (int i = 0; i < 8; i++)
            pthread_create(&thread, NULL, executes, NULL);
        for (;;)
            pause();
    }
    if (!strcmp(name, "executed")) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%d", (int)getpid());
        printf("same process %d, thread %d, alone %d\n", getpid() == atoi(argv[2]), self() == getpid(), access(path, F_OK) == 0);
        struct stat stat;
        must("stat", lstat("/proc/self/task", &stat));
        printf("tasks: %d\n", (int)stat.st_nlink - 2);
        return 11;
    }
    if (!strcmp(name, "other-exits-all")) {
        crowd();
        pthread_create(&thread, NULL, exits_all, NULL);
        for (;;)
            pause();
    }
    if (!strcmp(name, "returns")) {
        crowd();
        return 22;
    }
    if (!strcmp(name, "fault")) {
        crowd();
        pthread_create(&thread, NULL, faults, NULL);
        pthread_join(thread, NULL);
    }
    if (!strcmp(name, "killed")) {
        crowd();
        for (;;)
            pause();
    }
    return 99;
}

static __thread volatile int mine;

static void count_mine(int signal)
{
    mine++;
    tid = self();
    __atomic_add_fetch(&step, 1, __ATOMIC_SEQ_CST);
}

struct listener {
    pthread_t thread;
    volatile pid_t tid;
    volatile int got, blocks;
};

static void *listen(void *argument)
{
    struct listener *listener = argument;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(listener->blocks ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
    listener->tid = self();
    while (!go) {
        listener->got = mine;
        sched_yield();
    }
    listener->got = mine;
    return NULL;
}

static void signals(void)
{
    struct listener listeners[4] = { 0 };
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, count_mine);
    for (int i = 0; i < 4; i++) {
        listeners[i].blocks = i != 2;
        pthread_create(&listeners[i].thread, NULL, listen, &listeners[i]);
        while (!listeners[i].tid)
            sched_yield();
    }
    step = 0;
    for (int i = 0; i < 50; i++) {
        kill(getpid(), SIGUSR1);
        while (step <= i)
            sched_yield();
    }
    holds("a process's signals come to the one that does not block", tid == listeners[2].tid);
    pthread_kill(listeners[1].thread, SIGUSR1);
    sigset_t pending;
    sigpending(&pending);
    value("another's signal is not pending here", sigismember(&pending, SIGUSR1));
    value("tgkill of a wrong process", syscall(SYS_tgkill, 0x3ffffff0, listeners[0].tid, 0));
    value("tgkill of thread 0", syscall(SYS_tgkill, getpid(), 0, 0));
    value("tgkill of process 0", syscall(SYS_tgkill, 0, self(), 0));
    value("tgkill of a thread below none", syscall(SYS_tgkill, getpid(), -1, 0));
    value("tgkill of no thread", syscall(SYS_tgkill, getpid(), 0x3ffffff0, 0));
    value("tgkill with no signal", syscall(SYS_tgkill, getpid(), self(), 65));
    value("tgkill below none", syscall(SYS_tgkill, getpid(), self(), -1));
    value("tgkill", syscall(SYS_tgkill, getpid(), listeners[0].tid, 0));
    value("tkill", syscall(SYS_tkill, listeners[0].tid, 0));
    value("tkill of no thread", syscall(SYS_tkill, 0x3ffffff0, 0));
    value("tkill of thread 0", syscall(SYS_tkill, 0, 0));
    value("kill by a thread's number", kill(listeners[0].tid, 0));
    go = 1;
    for (int i = 0; i < 4; i++) {
        pthread_join(listeners[i].thread, NULL);
        printf("%d got %d\n", i, listeners[i].got);
    }
    while (thread_state(listeners[0].tid))
        sched_yield();
    value("tgkill of one that ended", syscall(SYS_tgkill, getpid(), listeners[0].tid, 0));
    kill(getpid(), SIGUSR1);
    sigpending(&pending);
    value("all block: it is pending", sigismember(&pending, SIGUSR1));
    step = 0;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    value("and taken", step);
}

int main(int argc, char **argv)
{
    must("readlink", readlink("/proc/self/exe", program, sizeof program - 1));
    if (argc > 1)
        return role(argv[1], argv);
    static const char *const roles[] = {
        "leader-exits", "leader-exits-then-exit", "leader-executes", "other-executes", "other-executes-alone", "all-execute", "other-exits-all", "returns", "fault",
    };
    for (size_t i = 0; i < COUNT(roles); i++)
        outcome(roles[i], START((char *)roles[i]));
    pid_t child = START("killed");
    until_state(child, 'S');
    kill(child, SIGKILL);
    outcome("killed", child);
    signals();
    pthread_t thread;
    pthread_create(&thread, NULL, fails_to_execute, NULL);
    void *result;
    pthread_join(thread, &result);
    errno = (int)(long)result;
    value("an execve that fails ends nobody", -1);
    step = 0;
    pthread_create(&thread, NULL, spinner, NULL);
    while (!step)
        sched_yield();
    pthread_create(&thread, NULL, vforks, NULL);
    pthread_join(thread, &result);
    value("vforks beside a thread that runs on", (long)result);
    return broken;
}
