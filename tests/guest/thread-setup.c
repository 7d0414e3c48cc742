// What a C library asks of the kernel for its threads, and who may: barriers, lists of locks, how many there may be.
#include "clone.inc.c"
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#define NOBODY 0x3ffffff0

static volatile int stop, ready;
static volatile pid_t tid;

static long membarrier(int command, unsigned flags, int cpu)
{
    return syscall(SYS_membarrier, command, flags, cpu);
}

static int barriers_of_another_program(void)
{
    // execve forgets registrations.
    value("private after exec", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    value("core after exec", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    return 0;
}

static void barriers(void)
{
    const int all = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED
        | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
    holds("all that need no restartable sequences", (membarrier(MEMBARRIER_CMD_QUERY, 0, 0) & all) == all);
    value("query with a flag", membarrier(MEMBARRIER_CMD_QUERY, 1, 0));
    value("no such command", membarrier(1 << 20, 0, 0));
    value("two commands", membarrier(3, 0, 0));
    value("a negative command", membarrier(-1, 0, 0));
    value("global", membarrier(MEMBARRIER_CMD_GLOBAL, 0, 0));
    value("global with a flag", membarrier(MEMBARRIER_CMD_GLOBAL, 1, 0));
    value("global expedited needs no registration", membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
    value("registrations", membarrier(512, 0, 0));
    value("private", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    value("core", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    value("register private with a flag", membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 1, 0));
    value("register private", membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
    value("registrations", membarrier(512, 0, 0));
    value("private", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
    value("private with a flag", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1, 0));
    value("core, which is another", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    value("register core", membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    value("core", membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
    value("register global", membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
    value("again", membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
    value("global expedited", membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
    value("registrations", membarrier(512, 0, 0));
    value("registrations with a flag", membarrier(512, 1, 0));
    outcome("another program", START("barriers"));
}

static void *sleeper(void *argument)
{
    tid = (pid_t)syscall(SYS_gettid);
    while (!stop)
        sched_yield();
    return NULL;
}

static int lists_of_others(pid_t parent)
{
    struct robust_list_head *head;
    size_t length;
    // Once it has other rights it is not to be looked into.
    must("setresuid", setresuid(1000, 1000, 1000));
    value("another's list", syscall(SYS_get_robust_list, parent, &head, &length));
    value("one's own", syscall(SYS_get_robust_list, 0, &head, &length));
    return 0;
}

static void lists(void)
{
    static struct robust_list_head mine = { { &mine.list }, 0, NULL };
    struct robust_list_head *head = NULL, *old;
    size_t length = 0;
    syscall(SYS_get_robust_list, 0, &old, &length);
    value("too short a list", syscall(SYS_set_robust_list, &mine, sizeof mine - 1));
    value("too long", syscall(SYS_set_robust_list, &mine, sizeof mine + 1));
    value("none", syscall(SYS_set_robust_list, NULL, sizeof mine));
    value("anywhere", syscall(SYS_set_robust_list, 8, sizeof mine));
    value("ours", syscall(SYS_set_robust_list, &mine, sizeof mine));
    value("get", syscall(SYS_get_robust_list, 0, &head, &length));
    holds("it is ours", head == &mine && length == sizeof mine);
    value("get of no thread", syscall(SYS_get_robust_list, NOBODY, &head, &length));
    value("get of a negative one", syscall(SYS_get_robust_list, -1, &head, &length));
    value("get, the list nowhere", syscall(SYS_get_robust_list, 0, 8, &length));
    value("get, the length nowhere", syscall(SYS_get_robust_list, 0, &head, 8));
    pthread_t thread;
    tid = stop = 0;
    pthread_create(&thread, NULL, sleeper, NULL);
    while (!tid)
        sched_yield();
    head = &mine;
    value("another thread's", syscall(SYS_get_robust_list, tid, &head, &length));
    holds("is another", head != &mine);
    stop = 1;
    pthread_join(thread, NULL);
    syscall(SYS_set_robust_list, old, sizeof mine);
    char number[16];
    snprintf(number, sizeof number, "%d", (int)getpid());
    outcome("a stranger", START("lists", number));
}

static int nothing(void *argument)
{
    return 0;
}

static char stack[STACK] __attribute__((aligned(16)));

// A user with nothing else running, within a limit of three.
static int limited(void)
{
    struct rlimit three = { 3, 3 };
    pthread_t threads[4];
    must("setresuid", setresuid(54321, 54321, 54321));
    setrlimit(RLIMIT_NPROC, &three);
    tid = stop = 0;
    int error = 0, count = 0;
    while (count < 4 && (error = pthread_create(&threads[count], NULL, sleeper, NULL)) == 0)
        count++;
    printf("threads beside the first: %d, then: %s\n", count, strerror(error));
    answer("a child", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, nothing, NULL));
    stop = 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    struct stat tasks;
    while (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
        sched_yield(); // joined is a moment before gone
    long child = made("a child once they are gone", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, nothing, NULL));
    long second = made("a second beside its zombie", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, nothing, NULL));
    answer("a third", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, nothing, NULL));
    reap("the child", child);
    reap("the second", second);
    made("a child", child = spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, TOP(stack), NULL, NULL, NULL, nothing, NULL));
    reap("the child", child);
    return 0;
}

// One more process of a user.
static int helper(void)
{
    must("setresuid", setresuid(54322, 54322, 54322));
    raise(SIGSTOP);
    return 0;
}

// Who takes on a user that has too many already can't execute a program, until there is room.
static int crowded(void)
{
    pid_t helpers[2];
    for (int i = 0; i < 2; i++) {
        helpers[i] = START("helper");
        must("waitpid", waitpid(helpers[i], NULL, WUNTRACED));
    }
    struct rlimit one = { 1, 1 };
    char *const arguments[] = { "guest", "program", NULL };
    setrlimit(RLIMIT_NPROC, &one);
    must("setresuid", setresuid(54322, 54322, 54322));
    for (int i = 0; i < 2; i++) {
        execv("/proc/self/exe", arguments);
        value("execve of too many", -1);
        kill(helpers[i], SIGKILL);
        outcome("a helper", helpers[i]);
    }
    execv("/proc/self/exe", arguments);
    value("execve", -1);
    return 0;
}

static int crowded_root(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_NPROC, &none);
    pthread_t thread;
    stop = 1;
    errno = pthread_create(&thread, NULL, sleeper, NULL);
    printf("root's threads: %s\n", strerror(errno));
    pthread_join(thread, NULL);
    return 0;
}

static void addresses(void)
{
    holds("set_tid_address tells the number", syscall(SYS_set_tid_address, &ready) == getpid());
    holds("also for nowhere", syscall(SYS_set_tid_address, 8) == getpid());
    holds("also for null", syscall(SYS_set_tid_address, 0) == getpid());
    holds("gettid", syscall(SYS_gettid) == getpid());
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return lists_of_others(atoi(argv[2]));
    if (argc > 1) {
        const char *role = argv[1];
        return !strcmp(role, "barriers") ? barriers_of_another_program() : !strcmp(role, "limited") ? limited() : !strcmp(role, "crowded") ? crowded() : !strcmp(role, "helper") ? helper()
            : !strcmp(role, "root") ? crowded_root() : 6;
    }
    skip_unless(geteuid() == 0, "root");
    barriers();
    lists();
    addresses();
    outcome("within a limit", START("limited"));
    outcome("beyond a limit", START("crowded"));
    outcome("root", START("root"));
    return broken;
}
