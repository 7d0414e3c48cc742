// pthread_cancel: deferred and at once, in calls that block and before them, with cleanup, held off and let through.
#include "guest.h"
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int ends[2], pair[2];
static volatile int cleaned;
static volatile pid_t tid;
static sem_t ready, go;

static void clean(void *argument)
{
    cleaned = cleaned * 10 + (int)(long)argument;
}

static void until_asleep(void)
{
    while (!tid || thread_state(tid) != 'S')
        sched_yield();
}

static void begin(void)
{
    tid = (pid_t)syscall(SYS_gettid);
}

static void *in_read(void *argument)
{
    char byte;
    begin();
    pthread_cleanup_push(clean, (void *)1L);
    pthread_cleanup_push(clean, (void *)2L);
    read(ends[0], &byte, 1);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return (void *)5L;
}

static void *in_poll(void *argument)
{
    struct pollfd fd = { ends[0], POLLIN, 0 };
    begin();
    pthread_cleanup_push(clean, (void *)3L);
    poll(&fd, 1, -1);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_nanosleep(void *argument)
{
    struct timespec time = { 1000, 0 };
    begin();
    pthread_cleanup_push(clean, (void *)4L);
    nanosleep(&time, NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_recv(void *argument)
{
    char byte;
    begin();
    pthread_cleanup_push(clean, (void *)5L);
    recv(pair[0], &byte, 1, 0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_waitpid(void *argument)
{
    begin();
    pthread_cleanup_push(clean, (void *)6L);
    waitpid(-1, NULL, 0);
    pthread_cleanup_pop(0);
    return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void unlock(void *argument)
{
    clean((void *)7L);
    pthread_mutex_unlock(argument);
}

static void *in_cond(void *argument)
{
    pthread_mutex_lock(&mutex);
    begin();
    pthread_cleanup_push(unlock, &mutex);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    pthread_cleanup_pop(1);
    return NULL;
}

static void *in_sem(void *argument)
{
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    begin();
    pthread_cleanup_push(clean, (void *)8L);
    sem_wait(&semaphore);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_pause(void *argument)
{
    begin();
    pthread_cleanup_push(clean, (void *)9L);
    pause();
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_lock(void *argument)
{
    int fd = *(int *)argument;
    begin();
    pthread_cleanup_push(clean, (void *)1L);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    fcntl(fd, F_SETLKW, &lock);
    pthread_cleanup_pop(0);
    return NULL;
}

static void ended(const char *what, pthread_t thread)
{
    void *result;
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED)
        printf("%s: cancelled, cleanup %d\n", what, cleaned);
    else
        printf("%s: ended with %ld, cleanup %d\n", what, (long)result, cleaned);
    cleaned = 0;
    tid = 0;
}

static void blocked(const char *what, void *(*run)(void *), void *argument)
{
    pthread_t thread;
    must(what, pthread_create(&thread, NULL, run, argument) ? -1 : 0);
    until_asleep();
    pthread_cancel(thread);
    ended(what, thread);
}

// Cancelled before it comes to a call: nothing of the call is done.
static void *before_write(void *argument)
{
    sem_post(&ready);
    while (!cleaned)
        sched_yield();
    write(ends[1], "x", 1);
    return (void *)1L;
}

static void *held_off(void *argument)
{
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    begin();
    char byte = 0;
    long got = read(ends[0], &byte, 1);
    pthread_testcancel();
    // The write and the read have happened; what follows has not.
    cleaned = (int)got * 100 + byte;
    pthread_cleanup_push(clean, (void *)2L);
    pthread_setcancelstate(old, NULL);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return (void *)2L;
}

static void *asynchronous(void *argument)
{
    int old;
    pthread_cleanup_push(clean, (void *)3L);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    sem_post(&ready);
    for (volatile unsigned long i = 0;; i++)
        ;
    pthread_cleanup_pop(0);
    return NULL;
}

static void *computing(void *argument)
{
    sem_post(&ready);
    while (!cleaned)
        ; // not a cancellation point
    cleaned = 0;
    pthread_cleanup_push(clean, (void *)4L);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    return NULL;
}

static pthread_key_t key;

static void destroy(void *argument)
{
    clean((void *)5L);
}

static void *with_key(void *argument)
{
    pthread_setspecific(key, &key);
    begin();
    pthread_cleanup_push(clean, (void *)4L);
    pause();
    pthread_cleanup_pop(0);
    return NULL;
}

static void handler(int signal)
{
    sem_post(&ready);
}

// A handler that returns into the cancellation range while a cancellation is pending.
static void *interrupted(void *argument)
{
    char byte;
    begin();
    pthread_cleanup_push(clean, (void *)6L);
    read(ends[0], &byte, 1);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *loop(void *argument)
{
    // Each round is a blocking read that ends by itself or is where the thread ends.
    for (long i = 0;; i++) {
        char byte;
        read(ends[0], &byte, 1);
        *(volatile long *)argument = i + 1;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte;
        return (int)read(atoi(argv[1]), &byte, 1);
    }
    sem_init(&ready, 0, 0);
    sem_init(&go, 0, 0);
    must("pipe", pipe(ends));
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    signal(SIGUSR1, handler);

    blocked("read", in_read, NULL);
    blocked("poll", in_poll, NULL);
    blocked("nanosleep", in_nanosleep, NULL);
    blocked("recv", in_recv, NULL);
    blocked("pthread_cond_wait", in_cond, NULL);
    value("its mutex is free", pthread_mutex_trylock(&mutex));
    blocked("sem_wait", in_sem, NULL);
    blocked("pause", in_pause, NULL);
    pthread_key_create(&key, destroy);
    blocked("with a key", with_key, NULL);

    int gate[2];
    char number[16];
    must("pipe", pipe(gate));
    snprintf(number, sizeof number, "%d", gate[0]);
    must("fcntl", fcntl(gate[1], F_SETFD, FD_CLOEXEC));
    pid_t child = START(number);
    blocked("waitpid", in_waitpid, NULL);
    close(gate[1]);
    outcome("the child that was waited for", child);

    scratch();
    make_file("locked", "text", 0600);
    int mine = must("open", open("locked", O_RDWR));
    int theirs = must("open", open("locked", O_RDWR));
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    value("a lock", fcntl(mine, F_OFD_SETLK, &lock));
    blocked("fcntl", in_lock, &theirs);
    leave();

    pthread_t thread;
    pthread_create(&thread, NULL, before_write, NULL);
    sem_wait(&ready);
    pthread_cancel(thread);
    cleaned = 1;
    ended("before a write", thread);
    struct pollfd fd = { ends[0], POLLIN, 0 };
    value("written", poll(&fd, 1, 0));

    pthread_create(&thread, NULL, held_off, NULL);
    until_asleep();
    pthread_cancel(thread);
    sched_yield();
    write(ends[1], "\7", 1);
    ended("held off", thread);

    pthread_create(&thread, NULL, asynchronous, NULL);
    sem_wait(&ready);
    pthread_cancel(thread);
    ended("while it computes", thread);

    pthread_create(&thread, NULL, computing, NULL);
    sem_wait(&ready);
    pthread_cancel(thread);
    cleaned = 1;
    ended("pthread_testcancel", thread);

    for (int i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, interrupted, NULL);
        until_asleep();
        pthread_kill(thread, SIGUSR1);
        sem_wait(&ready);
        pthread_cancel(thread);
        void *result;
        pthread_join(thread, &result);
        if (result != PTHREAD_CANCELED || cleaned != 6)
            broken = 1;
        cleaned = tid = 0;
    }
    holds("cancelled around a handler", !broken);

    // No byte is both read and lost: what was written is what was read and what is left.
    long lost = 0;
    for (int i = 0; i < 200; i++) {
        static volatile long seen;
        seen = 0;
        pthread_create(&thread, NULL, loop, (void *)&seen);
        int sent = i % 5;
        for (int n = 0; n < sent; n++)
            write(ends[1], "y", 1);
        for (int n = 0; n < i % 3; n++)
            sched_yield();
        pthread_cancel(thread);
        void *result;
        pthread_join(thread, &result);
        char left[16];
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        long rest = read(ends[0], left, sizeof left);
        fcntl(ends[0], F_SETFL, 0);
        lost += sent - seen - (rest > 0 ? rest : 0);
        if (result != PTHREAD_CANCELED)
            lost += 1000;
    }
    value("bytes lost", lost);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    printf("the first thread goes on\n");
    return broken;
}
