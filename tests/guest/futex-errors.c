// Each way in which futex(2) and futex_waitv(2) refuse, and what a signal does to a wait.
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct wait {
    unsigned long value, address;
    unsigned flags, reserved;
};

static int word, other;
static volatile int handled;

static long futex(void *address, int operation, int value, const void *timeout, void *second, unsigned third)
{
    return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static long wait_many(const void *waiters, unsigned count, unsigned flags, const void *timeout, int clock)
{
    return syscall(SYS_futex_waitv, waiters, count, flags, timeout, clock);
}

static void handler(int signal)
{
    handled++;
}

struct call {
    int operation;
    const struct timespec *timeout;
    volatile pid_t tid;
};

static void *wait_in_thread(void *argument)
{
    struct call *call = argument;
    call->tid = (pid_t)syscall(SYS_gettid);
    long result;
    if (call->operation < 0) {
        struct wait waiter = { 0, (unsigned long)&word, 2 | FUTEX_PRIVATE_FLAG, 0 };
        result = wait_many(&waiter, 1, 0, call->timeout, CLOCK_MONOTONIC);
    } else {
        result = futex(&word, call->operation, 0, call->timeout, NULL, 1);
    }
    return (void *)(long)(result < 0 ? errno : 0);
}

static void interrupted(const char *what, int operation, const struct timespec *timeout, int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigaction(SIGUSR1, &action, NULL);
    struct call call = { operation, timeout, 0 };
    pthread_t thread;
    int before = handled;
    pthread_create(&thread, NULL, wait_in_thread, &call);
    while (!call.tid || thread_state(call.tid) != 'S')
        sched_yield();
    pthread_kill(thread, SIGUSR1);
    while (handled == before)
        sched_yield();
    // Where the call is made again it is found by a wake, else it has come back.
    void *result;
    while (!futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) && thread_state(call.tid))
        sched_yield();
    pthread_join(thread, &result);
    errno = (int)(long)result;
    printf("%s: %s\n", what, errno ? strerror(errno) : "made again");
}

static void stopped(const char *what, int operation, const struct timespec *timeout)
{
    struct call call = { operation, timeout, 0 };
    pthread_t thread;
    pthread_create(&thread, NULL, wait_in_thread, &call);
    while (!call.tid || thread_state(call.tid) != 'S')
        sched_yield();
    // An ignored signal, and one with the default of being ignored.
    pthread_kill(thread, SIGURG);
    pthread_kill(thread, SIGCONT);
    while (thread_state(call.tid) != 'S')
        sched_yield();
    value(what, futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    void *result;
    pthread_join(thread, &result);
    value("its result", (long)result);
}

static void addresses(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *gone = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(int *)page = 0x3ffffff0;
    mprotect(page, 4096, PROT_READ);
    mprotect(gone, 4096, PROT_NONE);
    static const struct { const char *name; int operation; } operations[] = {
        { "wait", FUTEX_WAIT }, { "wake", FUTEX_WAKE }, { "requeue", FUTEX_REQUEUE }, { "cmp_requeue", FUTEX_CMP_REQUEUE },
        { "wake_op", FUTEX_WAKE_OP }, { "lock_pi", FUTEX_LOCK_PI }, { "unlock_pi", FUTEX_UNLOCK_PI }, { "trylock_pi", FUTEX_TRYLOCK_PI },
        { "wait_bitset", FUTEX_WAIT_BITSET }, { "wake_bitset", FUTEX_WAKE_BITSET }, { "wait_requeue_pi", FUTEX_WAIT_REQUEUE_PI },
        { "cmp_requeue_pi", FUTEX_CMP_REQUEUE_PI }, { "lock_pi2", FUTEX_LOCK_PI2 },
    };
    for (size_t i = 0; i < COUNT(operations); i++) {
        for (int shared = 0; shared < 2; shared++) {
            int operation = operations[i].operation | (shared ? 0 : FUTEX_PRIVATE_FLAG);
            printf("%s%s\n", operations[i].name, shared ? ", shared" : "");
            value("not aligned", futex((char *)&word + 1, operation, 1, NULL, &other, 1));
            value("null", futex(NULL, operation, 1, NULL, &other, 1));
            value("no memory", futex(gone, operation, 1, NULL, &other, 1));
            value("above all memory", futex((void *)0x7ffffffff000, operation, 1, NULL, &other, 1));
            value("the kernel's", futex((void *)0xffff800000000000, operation, 1, NULL, &other, 1));
            // The word is another there, whoever looks.
            value("that can only be read", futex(page, operation, 2, NULL, &other, 1));
            value("second not aligned", futex(&word, operation, 1, NULL, (char *)&other + 1, 1));
            value("second null", futex(&word, operation, 1, NULL, NULL, 1));
            value("second can only be read", futex(&word, operation, 1, NULL, page, 1));
            word = other = 0;
        }
    }
}

static void arguments(void)
{
    static const int unknown[] = { 2, 14, 15, 64, 127, 0x200, 0x40000000 };
    for (size_t i = 0; i < COUNT(unknown); i++)
        value("no such operation", futex(&word, unknown[i], 0, NULL, NULL, 0));
    for (int operation = 0; operation < 14; operation++) {
        if (operation == FUTEX_WAIT_REQUEUE_PI)
            continue;
        printf("%d ", operation);
        value("by the real clock", futex(&word, operation | FUTEX_CLOCK_REALTIME | FUTEX_PRIVATE_FLAG, 1, NULL, &other, 1));
        word = other = 0;
    }
    static const struct timespec times[] = { { 0, -1 }, { 0, 1000000000 }, { -1, 0 } };
    static const int timed[] = { FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_WAIT_REQUEUE_PI, FUTEX_WAIT | FUTEX_CLOCK_REALTIME };
    for (size_t i = 0; i < COUNT(timed); i++) {
        for (size_t t = 0; t < COUNT(times); t++)
            value("no time", futex(&word, timed[i], 1, &times[t], &other, 1));
        value("a time nowhere", futex(&word, timed[i], 1, (void *)8, &other, 1));
    }
    value("no bits to wait for", futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
    value("no bits to wake", futex(&word, FUTEX_WAKE_BITSET, 0, NULL, NULL, 0));
    value("another word", futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
    value("requeue of less than none", futex(&word, FUTEX_REQUEUE, -1, (void *)1L, &other, 0));
    value("to less than none", futex(&word, FUTEX_REQUEUE, 1, (void *)-1L, &other, 0));
    value("cmp_requeue of less than none", futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)-1L, &other, 0));
    for (unsigned operation = 5; operation < 8; operation++) {
        value("wake_op of no operation", futex(&word, FUTEX_WAKE_OP, 1, (void *)1L, &other, operation << 28 | 1 << 12));
        value("its word", other);
    }
    value("wake_op of no comparison", futex(&word, FUTEX_WAKE_OP, 1, (void *)1L, &other, FUTEX_OP(FUTEX_OP_ADD, 3, 6, 0)));
    value("its word", other);
    other = 0;
}

static void many(void)
{
    static struct wait waiters[129];
    static int words[129];
    for (int i = 0; i < 129; i++)
        waiters[i] = (struct wait){ 0, (unsigned long)&words[i], 2 | FUTEX_PRIVATE_FLAG, 0 };
    struct timespec soon = { 0, 0 }, wrong = { 0, -1 };
    value("none", wait_many(waiters, 0, 0, &soon, CLOCK_MONOTONIC));
    value("129", wait_many(waiters, 129, 0, &soon, CLOCK_MONOTONIC));
    value("flags", wait_many(waiters, 1, 1, &soon, CLOCK_MONOTONIC));
    value("null", wait_many(NULL, 1, 0, &soon, CLOCK_MONOTONIC));
    value("nowhere", wait_many((void *)8, 1, 0, &soon, CLOCK_MONOTONIC));
    value("no time", wait_many(waiters, 1, 0, &wrong, CLOCK_MONOTONIC));
    value("a time nowhere", wait_many(waiters, 1, 0, (void *)8, CLOCK_MONOTONIC));
    value("another clock", wait_many(waiters, 1, 0, &soon, CLOCK_BOOTTIME));
    value("128 until now", wait_many(waiters, 128, 0, &soon, CLOCK_MONOTONIC));
    value("by the real clock", wait_many(waiters, 128, 0, &soon, CLOCK_REALTIME));
    words[100] = 1;
    value("one of them is another", wait_many(waiters, 128, 0, &soon, CLOCK_MONOTONIC));
    value("not that", wait_many(waiters, 100, 0, &soon, CLOCK_MONOTONIC));
    words[100] = 0;
    static const unsigned flags[] = { 0, 1, 3, 0x10, 0x42, 0x102, 2, 0x82 };
    for (size_t i = 0; i < COUNT(flags); i++) {
        waiters[3].flags = flags[i];
        printf("%x ", flags[i]);
        value("as flags", wait_many(waiters, 4, 0, &soon, CLOCK_MONOTONIC));
    }
    waiters[3].reserved = 1;
    value("the reserved word", wait_many(waiters, 4, 0, &soon, CLOCK_MONOTONIC));
    waiters[3].reserved = 0;
    waiters[3].value = 1UL << 32;
    value("a value of more than 32 bits", wait_many(waiters, 4, 0, &soon, CLOCK_MONOTONIC));
    waiters[3].value = 0;
    waiters[3].address++;
    value("not aligned", wait_many(waiters, 4, 0, &soon, CLOCK_MONOTONIC));
    waiters[3].address = 0;
    value("a word nowhere", wait_many(waiters, 4, 0, &soon, CLOCK_MONOTONIC));
    value("nobody waits for the first", futex(&words[0], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
}

static void *wait_for_three(void *argument)
{
    static int words[3];
    struct wait waiters[3];
    for (int i = 0; i < 3; i++)
        waiters[i] = (struct wait){ 0, (unsigned long)&words[i], 2 | FUTEX_PRIVATE_FLAG, 0 };
    *(int *volatile *)argument = words;
    return (void *)wait_many(waiters, 3, 0, NULL, 0);
}

static void woken_of_many(void)
{
    for (int i = 0; i < 3; i++) {
        int *volatile words = NULL;
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_three, (void *)&words);
        while (!words || !futex(words + i, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0))
            sched_yield();
        void *result;
        pthread_join(thread, &result);
        value("woken by", (long)result);
    }
}

int main(void)
{
    addresses();
    arguments();
    many();
    woken_of_many();
    static const struct timespec relative = { 1000, 0 };
    struct timespec absolute;
    clock_gettime(CLOCK_MONOTONIC, &absolute);
    absolute.tv_sec += 1000;
    interrupted("wait, a handler", FUTEX_WAIT_PRIVATE, NULL, 0);
    interrupted("wait, a handler that restarts", FUTEX_WAIT_PRIVATE, NULL, SA_RESTART);
    interrupted("with a time, a handler", FUTEX_WAIT_PRIVATE, &relative, 0);
    interrupted("with a time, a handler that restarts", FUTEX_WAIT_PRIVATE, &relative, SA_RESTART);
    interrupted("bits, a handler that restarts", FUTEX_WAIT_BITSET_PRIVATE, NULL, SA_RESTART);
    interrupted("bits with a time, a handler that restarts", FUTEX_WAIT_BITSET_PRIVATE, &absolute, SA_RESTART);
    interrupted("many, a handler", -1, NULL, 0);
    interrupted("many, a handler that restarts", -1, NULL, SA_RESTART);
    interrupted("many with a time, a handler that restarts", -1, &absolute, SA_RESTART);
    stopped("wait, without a handler", FUTEX_WAIT_PRIVATE, NULL);
    stopped("with a time, without a handler", FUTEX_WAIT_PRIVATE, &relative);
    stopped("many, without a handler", -1, &absolute);
    return broken;
}
