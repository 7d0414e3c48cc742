// clone(2) and clone3(2): which flags go together, what a child shares with its maker and what it has for itself.
#include "clone.inc.c"
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#define VFORK (CLONE_VM | CLONE_VFORK)

static char stack[STACK] __attribute__((aligned(16)));
static int word, other_word, ran;

static int seven(void *argument)
{
    ran++;
    return 7;
}

// Whoever is made has ended when the call returns, since all have CLONE_VFORK; what is a process is waited for.
static void attempt(const char *what, unsigned long flags)
{
    ran = 0;
    word = -1;
    long child = made(what, spawn(flags, TOP(stack), &word, &other_word, NULL, seven, NULL));
    if (child > 0 && !(flags & CLONE_THREAD))
        reap("  it", child);
    if (child > 0 && ran != 1)
        printf("  ran %d times\n", ran);
    if (child > 0 && (flags & CLONE_PARENT_SETTID))
        holds("  its number is told", word == child);
    if (flags & CLONE_PIDFD && child > 0)
        close(word);
}

static void combinations(void)
{
    const struct { const char *name; unsigned long flags; } all[] = {
        { "a child", SIGCHLD },
        { "a child told by no signal", 0 },
        { "by a signal that is ignored", SIGWINCH },
        { "by no such signal", 100 },
        { "with handlers shared", CLONE_SIGHAND | SIGCHLD },
        { "with files, fs, semaphores, io", CLONE_FILES | CLONE_FS | CLONE_SYSVSEM | CLONE_IO | SIGCHLD },
        { "not traced", CLONE_UNTRACED | CLONE_DETACHED | SIGCHLD },
        { "with its number told", CLONE_PARENT_SETTID | SIGCHLD },
        { "a thread", CLONE_THREAD | CLONE_SIGHAND },
        { "a thread, all shared", CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM },
        { "a thread told by a signal", CLONE_THREAD | CLONE_SIGHAND | SIGCHLD },
        { "a thread with its number told", CLONE_THREAD | CLONE_SIGHAND | CLONE_PARENT_SETTID },
        { "a sibling thread", CLONE_THREAD | CLONE_SIGHAND | CLONE_PARENT },
        { "a thread without handlers", CLONE_THREAD },
        { "a thread in a user namespace", CLONE_THREAD | CLONE_SIGHAND | CLONE_NEWUSER },
        { "a thread in a pid namespace", CLONE_THREAD | CLONE_SIGHAND | CLONE_NEWPID },
        { "a mount namespace with fs", CLONE_NEWNS | CLONE_FS },
        { "a user namespace with fs", CLONE_NEWUSER | CLONE_FS },
        { "an ipc namespace with semaphores", CLONE_NEWIPC | CLONE_SYSVSEM },
        { "a pidfd where the number goes", CLONE_PIDFD | CLONE_PARENT_SETTID },
        { "a pidfd of a detached one", CLONE_PIDFD | CLONE_DETACHED },
    };
    for (size_t i = 0; i < COUNT(all); i++)
        attempt(all[i].name, all[i].flags | VFORK);
    answer("handlers without memory", CALL(SYS_clone, CLONE_SIGHAND | SIGCHLD, TOP(stack)));
    answer("a thread without memory", CALL(SYS_clone, CLONE_SIGHAND | CLONE_THREAD, TOP(stack)));
    answer("a thread pointer out of reach", spawn(VFORK | CLONE_SETTLS | SIGCHLD, TOP(stack), NULL, NULL, (void *)(1UL << 47), seven, NULL));
    answer("a negative thread pointer", spawn(VFORK | CLONE_SETTLS | SIGCHLD, TOP(stack), NULL, NULL, (void *)-4096, seven, NULL));
}

struct larger {
    struct clone_args arguments;
    uint64_t more[3];
};

static long attempt3(const char *what, struct clone_args *arguments, size_t size)
{
    long child = made(what, spawn3(arguments, size, seven, NULL));
    if (child > 0)
        reap("  it", child);
    return child;
}

static struct clone_args plain(void)
{
    return (struct clone_args) { .flags = VFORK, .exit_signal = SIGCHLD, .stack = (uintptr_t)stack, .stack_size = sizeof stack };
}

static void sizes(void)
{
    struct larger larger = { .arguments = plain() };
    static char page[4096 + 64] __attribute__((aligned(16)));
    memcpy(page, &larger, sizeof larger);
    const size_t good[] = { CLONE_ARGS_SIZE_VER0, CLONE_ARGS_SIZE_VER0 + 4, CLONE_ARGS_SIZE_VER1, CLONE_ARGS_SIZE_VER2, sizeof larger, 4096 };
    for (size_t i = 0; i < COUNT(good); i++)
        attempt3("of a good size", (void *)page, good[i]);
    attempt3("of 0", (void *)page, 0);
    attempt3("too small", (void *)page, CLONE_ARGS_SIZE_VER0 - 1);
    attempt3("too large", (void *)page, 4097);
    attempt3("far too large", (void *)page, -1UL);
    page[CLONE_ARGS_SIZE_VER2] = 1;
    attempt3("with something that is not known", (void *)page, sizeof larger);
    attempt3("which does not count", (void *)page, CLONE_ARGS_SIZE_VER2);
    attempt3("nowhere", NULL, CLONE_ARGS_SIZE_VER2);
    char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(edge + 4096, 4096);
    memcpy(edge + 4096 - CLONE_ARGS_SIZE_VER2, &larger, CLONE_ARGS_SIZE_VER2);
    attempt3("at the end of memory", (void *)(edge + 4096 - CLONE_ARGS_SIZE_VER2), CLONE_ARGS_SIZE_VER2);
    attempt3("beyond the end", (void *)(edge + 4096 - CLONE_ARGS_SIZE_VER2), sizeof larger);
    munmap(edge, 4096);
}

static void fields(void)
{
    struct clone_args some;
#define TRY(what, ...) (some = plain(), __VA_ARGS__, attempt3(what, &some, sizeof some))
    TRY("no such flag", some.flags |= 1ULL << 40);
    TRY("a signal among the flags", some.flags |= SIGCHLD);
    TRY("detached", some.flags |= CLONE_DETACHED);
    TRY("no such signal", some.exit_signal = 65);
    TRY("a wide signal", some.exit_signal = 1ULL << 32 | SIGCHLD);
    TRY("the last signal", some.exit_signal = 64);
    TRY("no signal", some.exit_signal = 0);
    TRY("a thread with a signal", some.flags |= CLONE_THREAD | CLONE_SIGHAND);
    TRY("a sibling with a signal", some.flags |= CLONE_PARENT);
    TRY("handlers shared and cleared", some.flags |= CLONE_SIGHAND | CLONE_CLEAR_SIGHAND);
    TRY("handlers without memory", some.flags = CLONE_SIGHAND);
    TRY("a stack without a size", some.stack_size = 0);
    TRY("a size without a stack", some.stack = 0);
    TRY("a stack out of reach", some.stack = 1ULL << 47);
    TRY("a stack that reaches too far", some.stack_size = 1ULL << 47);
    TRY("a stack around the end", some.stack_size = -1ULL);
    TRY("a thread pointer out of reach", some.flags |= CLONE_SETTLS, some.tls = 1ULL << 47);
    TRY("a group of no control", some.flags |= CLONE_INTO_CGROUP, some.cgroup = 1ULL << 31);
    TRY("a group that is not open", some.flags |= CLONE_INTO_CGROUP, some.cgroup = 1000);
    TRY("a group that is something else", some.flags |= CLONE_INTO_CGROUP, some.cgroup = 0);
    some = plain();
    some.flags |= CLONE_INTO_CGROUP;
    attempt3("a group in a size without", &some, CLONE_ARGS_SIZE_VER1);
}

static void numbers(void)
{
    struct clone_args some;
    pid_t wanted[40] = { 0 };
    TRY("numbers without an address", some.set_tid_size = 1);
    TRY("an address without numbers", some.set_tid = (uintptr_t)wanted);
    TRY("more numbers than levels there may be", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 33);
    TRY("more numbers than levels", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 32);
    TRY("numbers nowhere", some.set_tid = 8, some.set_tid_size = 1);
    TRY("number 0", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 1);
    wanted[0] = -5;
    TRY("a negative number", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 1);
    wanted[0] = 1 << 30;
    TRY("too high a number", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 1);
    wanted[0] = getpid();
    TRY("one's own number", some.set_tid = (uintptr_t)wanted, some.set_tid_size = 1);
    // A number that was free a moment ago, once for a child and once for a thread.
    for (int thread = 0; thread < 2; thread++) {
        long child;
        int tries = 0;
        do {
            some = plain();
            wanted[0] = must("a child", spawn(VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, seven, NULL));
            waitpid(wanted[0], NULL, 0);
            some.set_tid = (uintptr_t)wanted;
            some.set_tid_size = 1;
            some.flags |= CLONE_PARENT_SETTID | (thread ? CLONE_THREAD | CLONE_SIGHAND : 0);
            some.exit_signal = thread ? 0 : SIGCHLD;
            some.parent_tid = (uintptr_t)&word;
            child = spawn3(&some, sizeof some, seven, NULL);
        } while (child == -EEXIST && ++tries < 100);
        made("a free number", child);
        holds("it is the one", child == wanted[0] && word == child);
        if (!thread)
            reap("it", child);
    }
}

static volatile sig_atomic_t handled;

static void handler(int signal)
{
    handled++;
}

static volatile int where[2];

static int looks(void *argument)
{
    char *text = argument;
    struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action;
    CALL(SYS_rt_sigaction, SIGUSR1, 0, &action, 8);
    text[0] = action.handler == SIG_DFL ? 'd' : action.handler == SIG_IGN ? 'i' : 'h';
    CALL(SYS_rt_sigaction, SIGUSR2, 0, &action, 8);
    text[1] = action.handler == SIG_DFL ? 'd' : action.handler == SIG_IGN ? 'i' : 'h';
    action.handler = SIG_IGN;
    CALL(SYS_rt_sigaction, SIGUSR1, &action, 0, 8);
    CALL(SYS_chdir, "/");
    CALL(SYS_umask, 077);
    CALL(SYS_close, where[0]);
    CALL(SYS_dup2, where[1], 100);
    CALL(SYS_setpriority, PRIO_PROCESS, 0, 7);
    CALL(SYS_prctl, PR_SET_NAME, "another");
    return 0;
}

static void report(const char *what, unsigned long flags)
{
    char text[3] = "--", folder[256], name[17] = "";
    signal(SIGUSR1, handler);
    signal(SIGUSR2, SIG_IGN);
    umask(022);
    must("chdir", chdir("/tmp"));
    where[0] = must("open", open("/dev/null", O_RDONLY));
    where[1] = must("open", open("/dev/null", O_RDONLY));
    struct clone_args some = plain();
    some.flags |= flags;
    if (flags & CLONE_THREAD)
        some.exit_signal = 0;
    long child = made(what, spawn3(&some, sizeof some, looks, text));
    if (child < 0)
        return;
    if (!(flags & CLONE_THREAD))
        reap("  it", child);
    must("getcwd", getcwd(folder, sizeof folder) ? 0 : -1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    mode_t mask = umask(022);
    prctl(PR_GET_NAME, name);
    printf("  found handlers %s, left %s, folder %s, umask %o, closed %d, opened %d, nice %d, named %d\n", text, action.sa_handler == handler ? "alone" : "changed", folder, mask,
        fcntl(where[0], F_GETFD) < 0, fcntl(100, F_GETFD) >= 0, getpriority(PRIO_PROCESS, 0), !strcmp(name, "another"));
    close(where[0]);
    close(where[1]);
    close(100);
}

static void sharing(void)
{
    report("nothing is shared but memory", 0);
    report("files", CLONE_FILES);
    report("fs", CLONE_FS);
    report("handlers", CLONE_SIGHAND);
    report("handlers cleared", CLONE_CLEAR_SIGHAND);
    report("a thread", CLONE_THREAD | CLONE_SIGHAND);
    report("a thread as pthreads are", CLONE_THREAD | CLONE_SIGHAND | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM);
    signal(SIGUSR1, SIG_DFL);
    must("chdir", chdir("/"));
}

static volatile uintptr_t seen[4];

static int told(void *argument)
{
    uintptr_t self;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self));
    seen[0] = self;
    seen[1] = other_word;
    seen[2] = CALL(SYS_gettid);
    seen[3] = CALL(SYS_getppid);
    return 0;
}

static void words(void)
{
    static uintptr_t block[4] = { 42, 43, 44, 45 };
    long all = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS;
    word = other_word = -1;
    long child = spawn(VFORK | all | SIGCHLD, TOP(stack), &word, &other_word, block, told, NULL);
    holds("the maker's word", word == child);
    holds("the child's word, in the child", (long)seen[1] == child && (long)seen[2] == child);
    value("the thread pointer", seen[0]);
    value("the child's word at its end", other_word);
    reap("it", child);
    // Words that can't be written are no error.
    child = spawn(VFORK | all | SIGCHLD, TOP(stack), (int *)8, (int *)16, block, seven, NULL);
    made("words nowhere", child);
    reap("it", child);
    // The one to clear is woken as a futex. This thread is no pthread, so it touches nothing of ours.
    word = other_word = -1;
    child = spawn(CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_FILES | all, TOP(stack), &word, &other_word, block, seven, NULL);
    made("a thread beside", child);
    holds("its number is known at once", word == child);
    for (int left; (left = __atomic_load_n(&other_word, __ATOMIC_ACQUIRE)) != 0;)
        CALL(SYS_futex, &other_word, 0, left);
    value("it is gone, says its word", other_word);
    answer("it is not waited for", CALL(SYS_wait4, child, 0, __WALL | WNOHANG));
    while (thread_state(child))
        sched_yield();
    answer("and it has no number", CALL(SYS_tgkill, getpid(), child, 0));
}

static int makes_sibling(void *argument)
{
    static char second[STACK] __attribute__((aligned(16)));
    *(volatile long *)argument = spawn(VFORK | CLONE_PARENT | SIGUSR2, TOP(second), NULL, NULL, NULL, told, NULL);
    return 3;
}

static void parents(void)
{
    volatile long sibling = 0;
    signal(SIGUSR2, SIG_IGN);
    long child = spawn(VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, makes_sibling, (void *)&sibling);
    reap("a child", child);
    holds("its maker's parent is its parent", (pid_t)seen[3] == getpid());
    holds("it is another", sibling > 0 && sibling != child);
    answer("its end is told as its maker's", CALL(SYS_wait4, sibling, 0, __WCLONE | WNOHANG));
    reap("a sibling", sibling);
    handled = 0;
    signal(SIGUSR1, handler);
    child = spawn(VFORK | SIGUSR1, TOP(stack), NULL, NULL, NULL, seven, NULL);
    answer("not waited for as others are", CALL(SYS_wait4, child, 0, WNOHANG));
    answer("nor as any", CALL(SYS_wait4, -1, 0, WNOHANG));
    holds("but as a clone", CALL(SYS_wait4, -1, 0, __WCLONE) == child);
    value("told by SIGUSR1", handled);
    child = spawn(VFORK, TOP(stack), NULL, NULL, NULL, seven, NULL);
    reap("one told by none", child);
    value("no more signals", handled);
    signal(SIGUSR1, SIG_DFL);
}

static volatile int order;

static int slow(void *argument)
{
    for (int i = 0; i < 20; i++)
        CALL(SYS_sched_yield);
    order = 1;
    return 0;
}

static int executes(void *argument)
{
    char *const arguments[] = { "guest", "executed", NULL }, *const environment[] = { NULL };
    return (int)CALL(SYS_execve, "/proc/self/exe", arguments, environment);
}

static int in_thread(void *argument)
{
    static char second[STACK] __attribute__((aligned(16)));
    *(volatile long *)argument = spawn(VFORK | SIGCHLD, TOP(second), NULL, NULL, NULL, executes, NULL);
    return 0;
}

static int ends_all(void *argument)
{
    return (int)CALL(SYS_exit_group, 4);
}

static int waits_for_thread(void *role_of_thread)
{
    static char second[STACK] __attribute__((aligned(16)));
    spawn(VFORK | CLONE_THREAD | CLONE_SIGHAND, TOP(second), NULL, NULL, NULL, (role *)role_of_thread, NULL);
    return 5;
}

static void waiting(void)
{
    volatile long child = 0;
    order = 0;
    reap("a child that is waited for", spawn(VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, slow, NULL));
    value("had ended", order);
    order = 0;
    spawn(VFORK | CLONE_THREAD | CLONE_SIGHAND, TOP(stack), NULL, NULL, NULL, slow, NULL);
    value("a thread, too", order);
    spawn(VFORK | CLONE_THREAD | CLONE_SIGHAND, TOP(stack), NULL, NULL, NULL, in_thread, (void *)&child);
    made("a program from a thread that is waited for", child);
    reap("it", child);
    reap("a program in the place of a child, by a thread it waits for", spawn(VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, waits_for_thread, executes));
    reap("a thread that is waited for ends all", spawn(VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, waits_for_thread, ends_all));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 9;
    skip_unless(geteuid() == 0, "root");
    signal(SIGCHLD, SIG_DFL);
    CALL(SYS_rt_sigaction, 64, (&(unsigned long[4]) { (unsigned long)SIG_IGN }), 0, 8);
    combinations();
    sizes();
    fields();
    numbers();
    sharing();
    words();
    parents();
    waiting();
    return broken;
}
