// fork in a process of several threads: the child has the caller alone, with all memory as it was; the others go on, and fork too.
#include "guest.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define THREADS 4
#define FORKS 15

static atomic_int stop;
static atomic_long counters[THREADS + 1];
static __thread long own;

static void *count(void *argument)
{
    atomic_long *counter = argument;
    while (!stop) {
        (*counter)++;
        own++;
        if (*counter % 100000 == 0 && own != *counter)
            broken = 1;
    }
    return NULL;
}

// In a child nobody counts any more.
static int is_still(void)
{
    long before[THREADS], sum = 0;
    for (int i = 0; i < THREADS; i++)
        before[i] = counters[i];
    for (volatile int i = 0; i < 100000; i++)
        sum += i;
    for (int i = 0; i < THREADS; i++)
        if (counters[i] != before[i])
            return 0;
    return 1;
}

static void *fork_often(void *argument)
{
    int bad = 0;
    char local[5000];
    for (int i = 0; i < FORKS; i++) {
        memset(local, i, sizeof local);
        own = i;
        pid_t child = fork();
        if (child == 0) {
            int right = is_still() && local[4000] == i && own == i && (long)gettid() == (long)getpid();
            memset(local, 99, sizeof local);
            own = 99;
            pthread_t more;
            void *result;
            if (i % 5 == 0)
                right &= pthread_create(&more, NULL, (void *(*)(void *))(void *)is_still, NULL) == 0 && pthread_join(more, &result) == 0 && ((long)result & 1) == 1;
            _exit(right ? i : 200);
        }
        int status;
        if (child == -1 || waitpid(child, &status, 0) != child || status != i << 8 || local[4000] != i || own != i)
            bad++;
    }
    return (void *)(long)bad;
}

int main(void)
{
    pthread_t counting[THREADS], forking[3];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&counting[i], NULL, count, &counters[i]);
    for (int i = 0; i < 3; i++)
        pthread_create(&forking[i], NULL, fork_often, NULL);
    long bad = 0;
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(forking[i], &result);
        bad += (long)result;
    }
    holds("all children were right", bad == 0);
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(counting[i], NULL);
    holds("all threads counted", counters[0] && counters[1] && counters[2] && counters[3]);
    holds("threads kept what is theirs", !broken);
    return broken;
}
