// thread-storm [SEED [ROUNDS]]: processes whose threads make, join, detach, cancel, signal and leave each other at random, and vfork beside that, until one of them ends all in one of the ways there are. Thousands of threads; each process must end as it was to end, with none left.
#include "guest.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

enum { MAKERS = 4, STEPS = 48, ROUNDS = 20 };
enum { RETURN, EXIT, EXECUTE, KILL, FAULT, LAST, ENDINGS };

static const char *const endings[ENDINGS] = { "return", "exit", "execute", "kill", "fault", "last" };

static atomic_int detached, ended, cleaned, signalled;
static unsigned seed;
static int ending;
static pthread_attr_t small;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char program[512];

static unsigned next(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static void on_signal(int signal)
{
    atomic_fetch_add(&signalled, 1);
}

static void clean(void *argument)
{
    atomic_fetch_add(&cleaned, 1);
}

static void make(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    int error;
    while ((error = pthread_create(thread, attributes, run, argument)) == EAGAIN)
        sched_yield();
    if (error) {
        printf("pthread_create: %s\n", strerror(error));
        _exit(99);
    }
}

static void *returns(void *argument)
{
    return argument;
}

static void *leaves(void *argument)
{
    pthread_exit(argument);
}

static void *takes_lock(void *argument)
{
    pthread_mutex_lock(&mutex);
    sched_yield();
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void *is_detached(void *argument)
{
    atomic_fetch_sub(&detached, 1);
    return NULL;
}

static void *sleeps(void *argument)
{
    pthread_cleanup_push(clean, NULL);
    for (;;)
        pause();
    pthread_cleanup_pop(1);
    return NULL;
}

static void *spins(void *argument)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;)
        ;
    return NULL;
}

static void *makes_one(void *argument)
{
    pthread_t thread;
    void *result = NULL;
    make(&thread, &small, takes_lock, argument);
    pthread_join(thread, &result);
    return result;
}

static void *vforks(void *argument)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(7);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WEXITSTATUS(status) == 7 ? argument : NULL;
}

static void wrong(const char *what)
{
    printf("%s: seed %u, ending %s\n", what, seed, endings[ending]);
    _exit(98);
}

// One thing that a thread may do with another.
static void step(unsigned *state)
{
    static void *(*const joined[])(void *) = { returns, leaves, takes_lock, makes_one, vforks };
    pthread_t thread;
    void *result = NULL, *token = (void *)(unsigned long)(next(state) | 1);
    unsigned kind = next(state) % 10;
    if (kind < 5) {
        make(&thread, &small, joined[kind], token);
        if (next(state) % 4 == 0)
            pthread_kill(thread, SIGUSR1);
        if (pthread_join(thread, &result) || result != token)
            wrong("a thread is not joined with what it said");
    } else if (kind < 8) {
        atomic_fetch_add(&detached, 1);
        make(&thread, &small, is_detached, NULL);
        pthread_detach(thread);
    } else {
        make(&thread, &small, kind == 8 ? sleeps : spins, NULL);
        if (next(state) % 2)
            sched_yield();
        pthread_cancel(thread);
        if (pthread_join(thread, &result) || result != PTHREAD_CANCELED)
            wrong("a thread is not cancelled");
    }
}

static void end(void)
{
    char *const arguments[] = { "guest", "executed", NULL };
    switch (ending) {
    case EXIT:
        syscall(SYS_exit_group, 11);
        break;
    case EXECUTE:
        execv(program, arguments);
        break;
    case KILL:
        kill(getpid(), SIGKILL);
        break;
    case FAULT:
        __builtin_trap();
    }
}

static void *maker(void *argument)
{
    unsigned state = seed * 2654435761U + (unsigned)(long)argument * 40503U + 1, last = STEPS;
    // Whoever ends the others does so in the middle of what they do.
    if (argument == NULL && ending != RETURN && ending != LAST)
        last = 1 + next(&state) % STEPS;
    for (unsigned i = 0; i < last; i++)
        step(&state);
    if (argument == NULL)
        end();
    atomic_fetch_add(&ended, 1);
    return argument;
}

static void none_left(int others)
{
    struct stat tasks;
    while (atomic_load(&detached) > 0)
        sched_yield();
    while (stat("/proc/self/task", &tasks) == 0 && (int)tasks.st_nlink - 2 > 1 + others)
        sched_yield();
}

static void *ends_last(void *argument)
{
    while (atomic_load(&ended) < MAKERS)
        sched_yield();
    none_left(1); // and a first thread that has ended
    syscall(SYS_exit, 12);
    return NULL;
}

static int run(void)
{
    pthread_t makers[MAKERS], last;
    signal(SIGUSR1, on_signal);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 32768);
    for (long i = 0; i < MAKERS; i++)
        make(&makers[i], &small, maker, (void *)i);
    if (ending == LAST) {
        make(&last, &small, ends_last, NULL);
        for (int i = 0; i < MAKERS; i++)
            pthread_detach(makers[i]);
        // musl has the kernel clear the lock of its list of threads when the first ends, which is for who calls its pthread_exit.
        static int word;
        syscall(SYS_set_tid_address, &word);
        syscall(SYS_exit, 3);
    }
    for (int i = 0; i < MAKERS; i++)
        pthread_join(makers[i], NULL);
    none_left(0);
    return 10;
}

static int is_right(int status)
{
    switch (ending) {
    case KILL: return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    case FAULT: return WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
    case RETURN: return WIFEXITED(status) && WEXITSTATUS(status) == 10;
    case EXIT: return WIFEXITED(status) && WEXITSTATUS(status) == 11;
    case LAST: return WIFEXITED(status) && WEXITSTATUS(status) == 12;
    default: return WIFEXITED(status) && WEXITSTATUS(status) == 13;
    }
}

int main(int argc, char **argv)
{
    must("readlink", readlink("/proc/self/exe", program, sizeof program - 1));
    if (argc > 1 && !strcmp(argv[1], "executed"))
        return 13;
    if (argc > 3) {
        seed = strtoul(argv[2], NULL, 10);
        ending = atoi(argv[3]);
        return run();
    }
    unsigned first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1, rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : ROUNDS, right = 0;
    printf("seed %u\n", first);
    for (unsigned i = 0; i < rounds; i++) {
        char number[16], way[16];
        int status = 0;
        seed = first + i * ENDINGS;
        ending = i % ENDINGS;
        snprintf(number, sizeof number, "%u", seed);
        snprintf(way, sizeof way, "%d", ending);
        pid_t child = START("run", number, way);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        if (is_right(status))
            right++;
        else {
            printf("seed %u, %s: ", seed, endings[ending]);
            describe("not as it was to end", status);
            broken = 1;
        }
    }
    printf("%u of %u ended as they were to end\n", right, rounds);
    return broken;
}
