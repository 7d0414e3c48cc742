// Mutexes that lend their owner the priority of who waits for them (PTHREAD_PRIO_INHERIT), as the C library makes them, also robust ones.
#include "guest.h"
#include <pthread.h>
#include <sched.h>

static pthread_mutex_t mutex;
static long counter;
static volatile int held;

static void *counts(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *tries(void *argument)
{
    return (void *)(long)pthread_mutex_trylock(&mutex);
}

static void *waits(void *argument)
{
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 1000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000;
    }
    return (void *)(long)pthread_mutex_timedlock(&mutex, &soon);
}

static void *keeps(void *argument)
{
    pthread_mutex_lock(&mutex);
    held = 1;
    return NULL;
}

static long error(const char *what, long number)
{
    errno = (int)number;
    return value(what, number ? -1 : 0);
}

static void run(const char *what, void *(*run)(void *))
{
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, &result);
    error(what, (long)result);
}

int main(void)
{
    pthread_mutexattr_t attributes;
    pthread_t threads[4];
    int protocol = -1;
    pthread_mutexattr_init(&attributes);
    error("protect by a ceiling", pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_PROTECT));
    if (error("inherit", pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT)))
        return 1;
    error("again", pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
    pthread_mutexattr_getprotocol(&attributes, &protocol);
    holds("it is so", protocol == PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    error("robust", pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    error("init", pthread_mutex_init(&mutex, &attributes));
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, counts, NULL);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    value("counted", counter);
    error("lock", pthread_mutex_lock(&mutex));
    error("again", pthread_mutex_lock(&mutex));
    run("another tries", tries);
    run("another waits a little", waits);
    error("unlock", pthread_mutex_unlock(&mutex));
    error("again", pthread_mutex_unlock(&mutex));
    run("one that keeps it", keeps);
    error("its owner has died", pthread_mutex_lock(&mutex));
    error("consistent", pthread_mutex_consistent(&mutex));
    error("unlock", pthread_mutex_unlock(&mutex));
    error("lock", pthread_mutex_lock(&mutex));
    error("unlock", pthread_mutex_unlock(&mutex));
    error("destroy", pthread_mutex_destroy(&mutex));
    return broken;
}
