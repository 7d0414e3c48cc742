// POSIX threads as the C library makes them: a thousand at once, and all that they wait with.
#include "guest.h"
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define MANY 1000
#define FEW 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local int own = 7;
static pid_t tids[MANY];
static int arrived, released, onces, destroyed;
static long counter, spun, written;

static void create(pthread_t *thread, void *(*run)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32768);
    int error = pthread_create(thread, &attributes, run, argument);
    if (error) {
        printf("pthread_create: %s\n", strerror(error));
        exit(1);
    }
}

static int tasks(int check)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int tid = atoi(entry->d_name);
        if (tid == 0)
            continue;
        count++;
        if (check && tid != getpid()) {
            int found = 0;
            for (int i = 0; i < MANY; i++)
                found |= tids[i] == tid;
            if (!found)
                count = -1000000;
        }
    }
    closedir(folder);
    return count;
}

static long status_field(const char *name)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    text[read(fd, text, sizeof text - 1)] = 0;
    close(fd);
    char *at = strstr(text, name);
    return at ? atol(at + strlen(name)) : -1;
}

static void *one_of_many(void *argument)
{
    int index = (int)(long)argument;
    tids[index] = (pid_t)syscall(SYS_gettid);
    own += index;
    pthread_mutex_lock(&mutex);
    if (++arrived == MANY)
        pthread_cond_broadcast(&changed);
    while (!released)
        pthread_cond_wait(&changed, &mutex);
    counter += own;
    pthread_mutex_unlock(&mutex);
    return (void *)(long)(tids[index] == (pid_t)syscall(SYS_gettid) ? index : -1);
}

static void a_thousand(void)
{
    static pthread_t threads[MANY];
    for (long i = 0; i < MANY; i++)
        create(&threads[i], one_of_many, (void *)i);
    pthread_mutex_lock(&mutex);
    while (arrived < MANY)
        pthread_cond_wait(&changed, &mutex);
    pthread_mutex_unlock(&mutex);
    value("threads listed", tasks(1));
    value("Threads in status", status_field("Threads:"));
    int distinct = 1;
    for (int i = 0; i < MANY; i++)
        distinct &= tids[i] > 0 && tids[i] != getpid() && (i == 0 || tids[i] != tids[i - 1]);
    holds("each has a number of its own", distinct);
    pthread_mutex_lock(&mutex);
    released = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    long sum = 0;
    for (int i = 0; i < MANY; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    value("sum of results", sum);
    value("sum of thread-local variables", counter);
    // A joined thread has cleared its word, which is a moment before it is gone.
    while (tasks(0) != 1)
        sched_yield();
    value("our own variable", own);
}

static void count_once(void)
{
    onces++;
}

static void count_destroyed(void *argument)
{
    __atomic_add_fetch(&destroyed, *(int *)argument, __ATOMIC_RELAXED);
}

static void *meet(void *argument)
{
    int weight = 1;
    pthread_setspecific(key, &weight);
    pthread_once(&once, count_once);
    long serial = 0;
    for (int round = 0; round < 50; round++) {
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            serial++;
        for (int i = 0; i < 20; i++) {
            pthread_mutex_lock(&mutex);
            counter++;
            pthread_mutex_unlock(&mutex);
            pthread_spin_lock(&spin);
            spun++;
            pthread_spin_unlock(&spin);
            pthread_rwlock_rdlock(&rwlock);
            long before = written, after = written;
            pthread_rwlock_unlock(&rwlock);
            if (before != after)
                serial += 1000000;
            if (i % 5 == 0) {
                pthread_rwlock_wrlock(&rwlock);
                written++;
                pthread_rwlock_unlock(&rwlock);
            }
        }
    }
    pthread_exit((void *)serial); // the destructors run while the frame is still there
}

static void locks(void)
{
    pthread_t threads[FEW];
    pthread_barrier_init(&barrier, NULL, FEW);
    pthread_spin_init(&spin, 0);
    pthread_key_create(&key, count_destroyed);
    counter = 0;
    long serial = 0;
    for (int i = 0; i < FEW; i++)
        create(&threads[i], meet, NULL);
    for (int i = 0; i < FEW; i++) {
        void *result;
        pthread_join(threads[i], &result);
        serial += (long)result;
    }
    value("under the mutex", counter);
    value("under the spin lock", spun);
    value("under the read-write lock", written);
    value("serial threads of 50 barriers", serial);
    value("once", onces);
    value("destructors", destroyed);
}

// A queue of numbers between makers and takers.
static unsigned queue[16];
static int first, count, made;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;

static void *maker(void *argument)
{
    for (int i = 0; i < 5000; i++) {
        pthread_mutex_lock(&mutex);
        while (count == COUNT(queue))
            pthread_cond_wait(&not_full, &mutex);
        queue[(first + count++) % COUNT(queue)] = ++made;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *taker(void *argument)
{
    unsigned long sum = 0;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (count == 0)
            pthread_cond_wait(&not_empty, &mutex);
        unsigned got = queue[first];
        if (got != -1U) {
            first = (first + 1) % COUNT(queue);
            count--;
        }
        pthread_cond_signal(got == -1U ? &not_empty : &not_full);
        pthread_mutex_unlock(&mutex);
        if (got == -1U)
            return (void *)sum;
        sum += got;
    }
}

static void *try_lock(void *lock)
{
    return (void *)(long)pthread_mutex_trylock(lock);
}

static void *unlock(void *lock)
{
    return (void *)(long)pthread_mutex_unlock(lock);
}

static void conditions(void)
{
    pthread_t makers[4], takers[4];
    for (int i = 0; i < 4; i++) {
        create(&makers[i], maker, NULL);
        create(&takers[i], taker, NULL);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(makers[i], NULL);
    pthread_mutex_lock(&mutex);
    while (count == COUNT(queue))
        pthread_cond_wait(&not_full, &mutex);
    queue[(first + count++) % COUNT(queue)] = -1U;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&mutex);
    unsigned long sum = 0;
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(takers[i], &result);
        sum += (unsigned long)result;
    }
    value("taken from the queue", (long)sum);

    struct timespec past = { 1, 0 };
    pthread_mutex_lock(&mutex);
    errno = pthread_cond_timedwait(&changed, &mutex, &past);
    value("a condition until a time gone by", -1);
    pthread_t other;
    create(&other, try_lock, &mutex);
    void *result;
    pthread_join(other, &result);
    errno = (int)(long)result;
    value("trylock by another", -1);
    pthread_mutex_unlock(&mutex);

    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_t checked;
    pthread_mutex_init(&checked, &attributes);
    pthread_mutex_lock(&checked);
    errno = pthread_mutex_lock(&checked);
    value("an error-checking mutex twice", -1);
    create(&other, unlock, &checked);
    pthread_join(other, &result);
    errno = (int)(long)result;
    value("unlocked by another", -1);
}

static atomic_int detached;

static void *leave_alone(void *argument)
{
    atomic_fetch_add(&detached, 1);
    return NULL;
}

static void detaching(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        if (i % 2) {
            create(&thread, leave_alone, NULL);
            pthread_detach(thread);
        } else {
            must("pthread_create", pthread_create(&thread, &attributes, leave_alone, NULL) ? -1 : 0);
        }
    }
    while (atomic_load(&detached) < 200 || tasks(0) > 1)
        sched_yield();
    value("detached threads", detached);
}

// A checksum whose parts are computed at the same time, with a lock-free sum of doubles' bits, and that must come out the same.
static unsigned char block[1 << 20];

static void *checksum(void *argument)
{
    long part = (long)argument;
    unsigned long hash = 14695981039346656037UL;
    double floating = 1;
    for (int round = 0; round < 4; round++) {
        for (unsigned i = part; i < sizeof block; i += FEW) {
            hash = (hash ^ block[i]) * 1099511628211UL;
            floating = floating * 1.0000001 + block[i] / 255.0;
        }
        sched_yield();
    }
    unsigned long bits;
    memcpy(&bits, &floating, sizeof bits);
    return (void *)(hash ^ bits);
}

static void computing(void)
{
    unsigned seed = 1;
    for (unsigned i = 0; i < sizeof block; i++)
        block[i] = (seed = seed * 1103515245 + 12345) >> 16;
    unsigned long alone = 0, together = 0;
    for (long i = 0; i < FEW; i++)
        alone = alone * 31 + (unsigned long)checksum((void *)i);
    pthread_t threads[FEW];
    for (long i = 0; i < FEW; i++)
        create(&threads[i], checksum, (void *)i);
    for (int i = 0; i < FEW; i++) {
        void *result;
        pthread_join(threads[i], &result);
        together = together * 31 + (unsigned long)result;
    }
    holds("the checksum is what one thread computes", alone == together);
    printf("checksum %lx\n", alone);
}

int main(void)
{
    holds("the first thread's number is the process's", syscall(SYS_gettid) == getpid());
    value("tasks at first", tasks(0));
    a_thousand();
    locks();
    conditions();
    detaching();
    computing();
    int word = 5;
    holds("set_tid_address answers the caller's number", syscall(SYS_set_tid_address, &word) == syscall(SYS_gettid));
    return broken;
}
