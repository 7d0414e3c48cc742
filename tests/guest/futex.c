// futex(2): who is woken, by which word, which bits, in which order, and until when one waits.
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MANY 6

static int words[4];

struct waiter {
    pthread_t thread;
    int *word, operation, expected;
    unsigned bits;
    const struct timespec *timeout;
    volatile pid_t tid;
    volatile int done;
    long result;
    int error;
};

static long futex(int *word, int operation, int value, const void *timeout, int *second, unsigned third)
{
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

static void *run(void *argument)
{
    struct waiter *waiter = argument;
    waiter->tid = (pid_t)syscall(SYS_gettid);
    waiter->result = futex(waiter->word, waiter->operation, waiter->expected, waiter->timeout, NULL, waiter->bits);
    waiter->error = errno;
    waiter->done = 1;
    return NULL;
}

static void begin(struct waiter *waiter, int *word, int operation, unsigned bits)
{
    memset(waiter, 0, sizeof *waiter);
    waiter->word = word;
    waiter->operation = operation;
    waiter->expected = *word;
    waiter->bits = bits;
    pthread_create(&waiter->thread, NULL, run, waiter);
    // One after the other, so that the queue has an order. The thread sleeps nowhere else from here on.
    while (!waiter->tid || thread_state(waiter->tid) != 'S')
        sched_yield();
}

static void begin_all(struct waiter *waiters, int count, int *word, int operation)
{
    for (int i = 0; i < count; i++)
        begin(&waiters[i], word, operation, FUTEX_BITSET_MATCH_ANY);
}

// Waits until so many have come back and says which.
static void came_back(const char *what, struct waiter *waiters, int count, int expected)
{
    int done;
    do {
        done = 0;
        for (int i = 0; i < count; i++)
            done += waiters[i].done;
        sched_yield();
    } while (done < expected);
    printf("%s:", what);
    for (int i = 0; i < count; i++) {
        if (waiters[i].done)
            printf(" %d%s", i, waiters[i].result ? strerror(waiters[i].error) : "");
    }
    printf("\n");
}

static void join(struct waiter *waiters, int count)
{
    for (int i = 0; i < count; i++)
        pthread_join(waiters[i].thread, NULL);
}

static void waking(int flag, const char *kind)
{
    struct waiter waiters[MANY];
    printf("%s\n", kind);
    begin_all(waiters, MANY, &words[0], FUTEX_WAIT | flag);
    value("of another word", futex(&words[1], FUTEX_WAKE | flag, 10, NULL, NULL, 0));
    value("one", futex(&words[0], FUTEX_WAKE | flag, 1, NULL, NULL, 0));
    came_back("it is", waiters, MANY, 1);
    value("a count of none is one", futex(&words[0], FUTEX_WAKE | flag, 0, NULL, NULL, 0));
    came_back("it is", waiters, MANY, 2);
    value("a count below none too", futex(&words[0], FUTEX_WAKE | flag, -5, NULL, NULL, 0));
    value("the rest", futex(&words[0], FUTEX_WAKE | flag, 1000, NULL, NULL, 0));
    join(waiters, MANY);
    value("nobody", futex(&words[0], FUTEX_WAKE | flag, 1000, NULL, NULL, 0));
}

static void bits(void)
{
    struct waiter waiters[4];
    for (int i = 0; i < 4; i++)
        begin(&waiters[i], &words[0], FUTEX_WAIT_BITSET_PRIVATE, 1U << i);
    value("bit 4", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 16));
    value("bit 2", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, 4));
    came_back("it is", waiters, 4, 1);
    value("bits 1 and 3, one of them", futex(&words[0], FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 10));
    came_back("it is", waiters, 4, 2);
    value("any", futex(&words[0], FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    join(waiters, 4);
}

static void requeueing(void)
{
    struct waiter waiters[MANY];
    begin_all(waiters, MANY, &words[0], FUTEX_WAIT_PRIVATE);
    value("requeue where the word is another", futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2L, &words[1], 1));
    value("one wakes, two move", futex(&words[0], FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2L, &words[1], 0));
    came_back("awake", waiters, MANY, 1);
    value("those that moved", futex(&words[1], FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    came_back("awake", waiters, MANY, 3);
    value("all but none", futex(&words[0], FUTEX_REQUEUE_PRIVATE, 0, (void *)100L, &words[2], 99));
    value("none is left", futex(&words[0], FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    value("to itself", futex(&words[2], FUTEX_REQUEUE_PRIVATE, 1, (void *)100L, &words[2], 99));
    value("the rest", futex(&words[2], FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0));
    join(waiters, MANY);
}

static void operations(void)
{
    static const char *const names[] = { "set", "add", "or", "andn", "xor" };
    static const char *const comparisons[] = { "eq", "ne", "lt", "le", "gt", "ge" };
    for (int op = 0; op < 5; op++) {
        for (int shift = 0; shift < 2; shift++) {
            words[1] = 0x35;
            long result = futex(&words[0], FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &words[1], FUTEX_OP(op | shift << 3, shift ? 5 : -3, FUTEX_OP_CMP_EQ, 0));
            printf("%s%s: %ld, word %x\n", names[op], shift ? " of a shift" : "", result, (unsigned)words[1]);
        }
    }
    for (int comparison = 0; comparison < 6; comparison++) {
        for (int old = -2; old <= 0; old++) {
            struct waiter first, second;
            words[0] = 0;
            words[1] = old;
            begin(&first, &words[0], FUTEX_WAIT_PRIVATE, 0);
            begin(&second, &words[1], FUTEX_WAIT_PRIVATE, 0);
            long result = futex(&words[0], FUTEX_WAKE_OP_PRIVATE, 1, (void *)1L, &words[1], FUTEX_OP(FUTEX_OP_ADD, 100, comparison, -1));
            printf("%d %s -1: %ld, word %d\n", old, comparisons[comparison], result, words[1]);
            futex(&words[1], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
            join(&first, 1);
            join(&second, 1);
        }
    }
    words[0] = words[1] = 0;
}

static void timeouts(void)
{
    struct timespec soon = { 0, 5000000 };
    long long before = now(CLOCK_MONOTONIC);
    value("5 ms", futex(&words[0], FUTEX_WAIT_PRIVATE, 0, &soon, NULL, 0));
    holds("they have gone by", now(CLOCK_MONOTONIC) - before >= 5000000);
    static const struct { const char *name; int flag; clockid_t clock; } clocks[] = {
        { "monotonic", 0, CLOCK_MONOTONIC }, { "real", FUTEX_CLOCK_REALTIME, CLOCK_REALTIME },
    };
    for (size_t i = 0; i < COUNT(clocks); i++) {
        struct timespec until;
        printf("%s time\n", clocks[i].name);
        clock_gettime(clocks[i].clock, &until);
        value("now", futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE | clocks[i].flag, 0, &until, NULL, 1));
        if ((until.tv_nsec += 5000000) >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        value("in 5 ms", futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE | clocks[i].flag, 0, &until, NULL, 1));
        holds("they have gone by", now(clocks[i].clock) >= until.tv_sec * 1000000000LL + until.tv_nsec);
        struct timespec none = { 0, 0 };
        value("at the beginning of time", futex(&words[0], FUTEX_WAIT_BITSET_PRIVATE | clocks[i].flag, 0, &none, NULL, 1));
    }
    // Long enough to be woken in, also where it is for ever.
    static const struct timespec times[] = { { 1000, 0 }, { 0x7fffffffffffffff, 999999999 } };
    for (size_t i = 0; i < COUNT(times); i++) {
        struct waiter waiter = { .word = &words[0], .operation = FUTEX_WAIT_PRIVATE, .timeout = &times[i] };
        pthread_create(&waiter.thread, NULL, run, &waiter);
        while (!waiter.tid || thread_state(waiter.tid) != 'S')
            sched_yield();
        value("woken in time", futex(&words[0], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
        join(&waiter, 1);
        value("its result", waiter.result);
    }
}

// What makes two words one futex.
static void keys(void)
{
    struct waiter waiter;
    begin(&waiter, &words[0], FUTEX_WAIT_PRIVATE, 0);
    value("a private waiter, a shared wake", futex(&words[0], FUTEX_WAKE, 1, NULL, NULL, 0));
    value("a private one", futex(&words[0], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    join(&waiter, 1);
    begin(&waiter, &words[0], FUTEX_WAIT, 0);
    value("a shared waiter, a private wake", futex(&words[0], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    value("a shared one", futex(&words[0], FUTEX_WAKE, 1, NULL, NULL, 0));
    join(&waiter, 1);

    int file = must("memfd_create", memfd_create("futex", 0));
    must("ftruncate", ftruncate(file, 16384));
    int *one = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    int *other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 8192);
    int *readable = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 8192);
    int *private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 8192);
    begin(&waiter, &one[2048 + 3], FUTEX_WAIT, 0);
    value("another page of the file", futex(&other[4], FUTEX_WAKE, 1, NULL, NULL, 0));
    value("a private mapping of it", futex(&private[3], FUTEX_WAKE, 1, NULL, NULL, 0));
    value("privately, elsewhere", futex(&other[3], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    value("the same word elsewhere", futex(&other[3], FUTEX_WAKE, 1, NULL, NULL, 0));
    join(&waiter, 1);
    begin(&waiter, &readable[5], FUTEX_WAIT, 0);
    value("a waiter that can only read", futex(&one[2048 + 5], FUTEX_WAKE, 1, NULL, NULL, 0));
    join(&waiter, 1);
    begin(&waiter, &one[1], FUTEX_WAIT, 0);
    value("moved across pages", futex(&one[1], FUTEX_CMP_REQUEUE, 0, (void *)1L, &one[2048 + 9], 0));
    value("and found there", futex(&other[9], FUTEX_WAKE, 1, NULL, NULL, 0));
    join(&waiter, 1);

    // Another process, in the same file.
    char number[16];
    snprintf(number, sizeof number, "%d", file);
    pid_t child = START(number);
    while (__atomic_load_n(&one[0], __ATOMIC_SEQ_CST) != 1)
        sched_yield();
    until_state(child, 'S');
    value("a waiter in another process", futex(&one[0], FUTEX_WAKE, 10, NULL, NULL, 0));
    outcome("the child", child);
    close(file);
}

static int in_child(int file)
{
    int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
    return futex(word, FUTEX_WAIT, 1, NULL, NULL, 0) ? 1 : 0;
}


int main(int argc, char **argv)
{
    if (argc > 1)
        return in_child(atoi(argv[1]));
    waking(FUTEX_PRIVATE_FLAG, "private");
    waking(0, "shared");
    bits();
    requeueing();
    operations();
    timeouts();
    keys();
    return broken;
}
