// Futexes that are locks with an owner: taking, giving, handing over, dying with them; conditions that go with them; robust lists.
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif
#define PRIVATE FUTEX_PRIVATE_FLAG

struct node {
    struct node *next;
    int word;
};

static int lock_word, other_word, condition;

static long futex(void *address, int operation, int value, const void *timeout, void *second, unsigned third)
{
    return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static pid_t self(void)
{
    return (pid_t)syscall(SYS_gettid);
}

// What a lock's word says, without the number itself.
static void word(const char *what, int *at, pid_t owner)
{
    unsigned is = *(volatile unsigned *)at;
    pid_t tid = (pid_t)(is & FUTEX_TID_MASK);
    printf("%s: %s%s%s\n", what, tid == 0 ? "nobody" : tid == owner ? "as expected" : "another", is & FUTEX_WAITERS ? ", waiters" : "", is & FUTEX_OWNER_DIED ? ", owner died" : "");
}

struct actor {
    pthread_t thread;
    void (*act)(struct actor *);
    int *word;
    const struct timespec *timeout;
    volatile pid_t tid;
    volatile int step, go;
    long result;
    int error;
};

static void *run(void *argument)
{
    struct actor *actor = argument;
    actor->tid = self();
    actor->act(actor);
    return NULL;
}

static void begin(struct actor *actor, void (*act)(struct actor *), int *at)
{
    memset(actor, 0, sizeof *actor);
    actor->act = act;
    actor->word = at;
    pthread_create(&actor->thread, NULL, run, actor);
}

static void until_asleep(struct actor *actor)
{
    while (!actor->tid || thread_state(actor->tid) != 'S')
        sched_yield();
}

static void until_step(struct actor *actor, int step)
{
    while (actor->step < step)
        sched_yield();
}

static void until_go(struct actor *actor, int go)
{
    while (actor->go < go)
        sched_yield();
}

static void kept(struct actor *actor, long result)
{
    actor->result = result;
    actor->error = errno;
    actor->step++;
}

static void result(const char *what, struct actor *actor)
{
    errno = actor->error;
    value(what, actor->result);
}

// Takes the lock, keeps it until told, and gives it back.
static void take(struct actor *actor)
{
    kept(actor, futex(actor->word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    until_go(actor, 1);
    kept(actor, futex(actor->word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
}

// Takes it and ends.
static void die(struct actor *actor)
{
    kept(actor, futex(actor->word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    until_go(actor, 1);
}

static void try(struct actor *actor)
{
    kept(actor, futex(actor->word, FUTEX_TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
}

static void unlock(struct actor *actor)
{
    kept(actor, futex(actor->word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
}

static void alone(const char *what, void (*act)(struct actor *), int *at)
{
    struct actor actor;
    begin(&actor, act, at);
    pthread_join(actor.thread, NULL);
    result(what, &actor);
}

static void locking(void)
{
    struct actor first, second;
    value("lock", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    word("word", &lock_word, self());
    value("again", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    value("try again", futex(&lock_word, FUTEX_TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    alone("another unlocks", unlock, &lock_word);
    alone("another tries", try, &lock_word);
    word("word after that", &lock_word, self());
    begin(&first, take, &lock_word);
    until_asleep(&first);
    begin(&second, take, &lock_word);
    until_asleep(&second);
    word("word with two waiters", &lock_word, self());
    value("wake", futex(&lock_word, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0));
    value("requeue", futex(&lock_word, FUTEX_REQUEUE | PRIVATE, 1, (void *)1L, &other_word, 0));
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    until_step(&first, 1);
    result("the first has it", &first);
    word("word", &lock_word, first.tid);
    value("unlock again", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    first.go = 1;
    until_step(&second, 1);
    word("word of the second", &lock_word, second.tid);
    second.go = 1;
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    result("unlocked by it", &second);
    word("word at the end", &lock_word, 0);
}

static void times(void)
{
    struct actor owner;
    begin(&owner, take, &lock_word);
    until_step(&owner, 1);
    struct timespec real, monotonic, none = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    value("lock until now", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, &real, NULL, 0));
    value("until the monotonic now", futex(&lock_word, FUTEX_LOCK_PI2 | PRIVATE, 0, &monotonic, NULL, 0));
    value("until the real now", futex(&lock_word, FUTEX_LOCK_PI2 | PRIVATE | FUTEX_CLOCK_REALTIME, 0, &real, NULL, 0));
    value("until the monotonic time, which is long ago", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, &monotonic, NULL, 0));
    value("until the beginning", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, &none, NULL, 0));
    word("word", &lock_word, owner.tid);
    owner.go = 1;
    pthread_join(owner.thread, NULL);
    result("unlock after waiters that gave up", &owner);
    word("word", &lock_word, 0);
}

static void nobody(void)
{
    lock_word = 0x3ffffff0;
    value("a thread that there is not", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    word("word", &lock_word, 0x3ffffff0);
    value("tried", futex(&lock_word, FUTEX_TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    lock_word = FUTEX_OWNER_DIED;
    value("nobody, the owner died", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    word("word", &lock_word, self());
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    word("word", &lock_word, 0);
    lock_word = FUTEX_WAITERS;
    value("waiters that there are not", futex(&lock_word, FUTEX_TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    word("word", &lock_word, self());
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    lock_word = 0;
}

// The word says another than who is known to have the lock.
static void disagreement(void)
{
    struct actor waiter;
    futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    begin(&waiter, take, &lock_word);
    until_asleep(&waiter);
    int right = lock_word;
    lock_word = (int)(FUTEX_WAITERS | (unsigned)waiter.tid);
    value("lock where the word is wrong", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    value("unlock by somebody else", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    lock_word = right;
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    waiter.go = 1;
    pthread_join(waiter.thread, NULL);
    result("given on", &waiter);
}

static void take_other(struct actor *actor)
{
    kept(actor, futex(&other_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    kept(actor, futex(actor->word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    kept(actor, futex(actor->word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    kept(actor, futex(&other_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
}

static void circle(void)
{
    struct actor actor;
    futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    begin(&actor, take_other, &lock_word);
    until_step(&actor, 1);
    until_asleep(&actor);
    value("a circle of two", futex(&other_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    value("unlock", futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    pthread_join(actor.thread, NULL);
    result("the other", &actor);
    word("one", &lock_word, 0);
    word("other", &other_word, 0);
}

static void dying(void)
{
    struct actor owner, waiter;
    begin(&owner, die, &lock_word);
    until_step(&owner, 1);
    begin(&waiter, take, &lock_word);
    until_asleep(&waiter);
    owner.go = 1;
    until_step(&waiter, 1);
    pthread_join(owner.thread, NULL);
    result("after its owner", &waiter);
    word("word", &lock_word, waiter.tid);
    waiter.go = 1;
    pthread_join(waiter.thread, NULL);
    word("word", &lock_word, 0);
    begin(&owner, die, &lock_word);
    owner.go = 1;
    pthread_join(owner.thread, NULL);
    while (thread_state(owner.tid))
        sched_yield();
    value("an owner that ended", futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0));
    lock_word = 0;
}

static volatile int handled;

static void handler(int signal)
{
    handled++;
}

static void interrupted(void)
{
    struct actor waiter;
    signal(SIGUSR1, handler);
    siginterrupt(SIGUSR1, 1);
    futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    begin(&waiter, take, &lock_word);
    until_asleep(&waiter);
    pthread_kill(waiter.thread, SIGUSR1);
    while (!handled)
        sched_yield();
    until_asleep(&waiter);
    futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    until_step(&waiter, 1);
    result("a handler does not end it", &waiter);
    waiter.go = 1;
    pthread_join(waiter.thread, NULL);
}

static void wait_for_lock(struct actor *actor)
{
    kept(actor, futex(&condition, FUTEX_WAIT_REQUEUE_PI | PRIVATE, 0, actor->timeout, &lock_word, 0));
    if (actor->result == 0) {
        until_go(actor, 1);
        futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    }
}

static void conditions(void)
{
    struct actor waiters[3];
    value("no waiters", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)9L, &lock_word, 0));
    value("the word is another", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)9L, &lock_word, 1));
    value("two to wake", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 2, (void *)9L, &lock_word, 0));
    value("wait where the word is another", futex(&condition, FUTEX_WAIT_REQUEUE_PI | PRIVATE, 1, NULL, &lock_word, 0));
    value("wait for itself", futex(&condition, FUTEX_WAIT_REQUEUE_PI | PRIVATE, 0, NULL, &condition, 0));
    value("requeue to itself", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)9L, &condition, 0));
    struct timespec past = { 1, 0 };
    value("until long ago", futex(&condition, FUTEX_WAIT_REQUEUE_PI | PRIVATE, 0, &past, &lock_word, 0));

    for (int i = 0; i < 3; i++) {
        begin(&waiters[i], wait_for_lock, NULL);
        until_asleep(&waiters[i]);
    }
    value("a wake", futex(&condition, FUTEX_WAKE | PRIVATE, 9, NULL, NULL, 0));
    value("a plain requeue", futex(&condition, FUTEX_CMP_REQUEUE | PRIVATE, 1, (void *)9L, &lock_word, 0));
    value("to another lock", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)9L, &other_word, 0));
    value("to a free lock", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)1L, &lock_word, 0));
    until_step(&waiters[0], 1);
    result("the first", &waiters[0]);
    word("word", &lock_word, waiters[0].tid);
    value("the second is at the lock", waiters[1].step);
    waiters[0].go = 1;
    until_step(&waiters[1], 1);
    word("word", &lock_word, waiters[1].tid);
    value("the last, to a lock that is taken", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)0L, &lock_word, 0));
    waiters[1].go = 1;
    until_step(&waiters[2], 1);
    result("it has it", &waiters[2]);
    word("word", &lock_word, waiters[2].tid);
    waiters[2].go = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(waiters[i].thread, NULL);
    word("word", &lock_word, 0);

    // A timeout and a signal while at the lock already.
    struct timespec soon;
    futex(&lock_word, FUTEX_LOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_sec += 1000;
    begin(&waiters[0], wait_for_lock, NULL);
    until_asleep(&waiters[0]);
    value("to our lock", futex(&condition, FUTEX_CMP_REQUEUE_PI | PRIVATE, 1, (void *)0L, &lock_word, 0));
    pthread_kill(waiters[0].thread, SIGUSR1);
    pthread_join(waiters[0].thread, NULL);
    result("a signal at the lock", &waiters[0]);
    futex(&lock_word, FUTEX_UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
    word("word", &lock_word, 0);
}

static pthread_mutex_t robust;

static void *take_and_end(void *argument)
{
    errno = pthread_mutex_lock(argument);
    return NULL;
}

static void mutexes(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_t thread;
    pthread_create(&thread, NULL, take_and_end, &robust);
    pthread_join(thread, NULL);
    errno = pthread_mutex_lock(&robust);
    value("lock of one that died", -1);
    errno = pthread_mutex_consistent(&robust);
    value("made consistent", errno ? -1 : 0);
    errno = pthread_mutex_unlock(&robust);
    value("unlocked", errno ? -1 : 0);
    pthread_create(&thread, NULL, take_and_end, &robust);
    pthread_join(thread, NULL);
    errno = pthread_mutex_lock(&robust);
    value("lock of one that died", -1);
    errno = pthread_mutex_unlock(&robust);
    errno = pthread_mutex_lock(&robust);
    value("lock of what nobody repaired", -1);
}

// Processes that hold a lock in shared memory and end by exit, by execve, and killed.
static int in_child(int file, int how)
{
    struct {
        struct node *next;
        long offset;
        struct node *pending;
    } head;
    struct node *nodes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    head.next = &nodes[0];
    head.offset = offsetof(struct node, word);
    head.pending = NULL;
    nodes[0].next = &nodes[1];
    nodes[1].next = (void *)&head;
    nodes[0].word = self();
    nodes[1].word = self();
    must("set_robust_list", syscall(SYS_set_robust_list, &head, sizeof head));
    __atomic_store_n(&nodes[3].word, 1, __ATOMIC_SEQ_CST);
    while (!(*(volatile unsigned *)&nodes[0].word & FUTEX_WAITERS))
        sched_yield();
    if (how == 1)
        execl("/bin/true", "true", NULL);
    if (how == 2)
        pause();
    return 3;
}

static void processes(void)
{
    static const char *const ways[] = { "exit", "execve", "killed" };
    int file = must("memfd_create", memfd_create("locks", 0));
    must("ftruncate", ftruncate(file, 4096));
    struct node *nodes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char number[16], how[2] = "0";
    snprintf(number, sizeof number, "%d", file);
    for (int way = 0; way < 3; way++) {
        memset(nodes, 0, 4096);
        how[0] = '0' + way;
        pid_t child = START(number, how);
        while (!__atomic_load_n(&nodes[3].word, __ATOMIC_SEQ_CST))
            sched_yield();
        unsigned seen = __atomic_or_fetch(&nodes[0].word, (int)FUTEX_WAITERS, __ATOMIC_SEQ_CST);
        if (way == 2) {
            until_state(child, 'S');
            kill(child, SIGKILL);
        }
        while (futex(&nodes[0].word, FUTEX_WAIT, (int)seen, NULL, NULL, 0) < 0 && errno == EINTR)
            ;
        word(ways[way], &nodes[0].word, 0);
        outcome("the process", child);
        word("the other lock", &nodes[1].word, 0);
    }
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return in_child(atoi(argv[1]), atoi(argv[2]));
    locking();
    times();
    nobody();
    disagreement();
    circle();
    dying();
    interrupted();
    conditions();
    mutexes();
    processes();
    return broken;
}
