// signal-storm [COUNT]: a thread computes checksums while others send it signals, COUNT each, and timers ring as fast as they can; then four threads compute and send to one another. Every checksum is right, every queued signal comes, in its order.
// With COUNT it also says how many signals a second that were.
#include "guest.h"
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { BLOCK = 512, WINDOW = 64, THREADS = 4, RINGS = 20 };

static long count = 3000;
static pid_t process;
static unsigned long reference, reference_of_steps, reference_of_handlers;
static double numbers[BLOCK];

struct receiver {
    pid_t tid;
    volatile long told, queued, alarms, ticks, out_of_order, wrong;
};
static struct receiver receivers[THREADS];
static __thread struct receiver *own;

// Whole numbers and floating point together, in registers as long as nobody disturbs them.
static __attribute__((noinline)) unsigned long checksum(int length)
{
    unsigned long sum = 14695981039346656037UL, bits;
    double total = 0, product = 1;
    for (int i = 0; i < length; i++) {
        total += numbers[i] * product;
        product = product * 1.0009765625 - numbers[i] * 0.001;
        memcpy(&bits, &total, sizeof bits);
        sum = (sum ^ bits) * 1099511628211UL;
        sum ^= sum >> 29;
    }
    memcpy(&bits, &product, sizeof bits);
    return sum ^ bits;
}

static void on_told(int signal)
{
    own->told++;
    own->wrong += checksum(16) != reference_of_handlers;
}

static void on_queued(int signal, siginfo_t *info, void *context)
{
    own->out_of_order += info->si_value.sival_int != (int)own->queued || info->si_code != SI_QUEUE || info->si_pid != process;
    own->queued++;
}

static void on_alarm(int signal) { own->alarms++; }

static void on_tick(int signal, siginfo_t *info, void *context)
{
    own->ticks++;
    own->out_of_order += info->si_code != SI_TIMER;
}

static sigset_t ours(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    for (int i = 0; i < 3; i++)
        sigaddset(&set, SIGRTMIN + i);
    return set;
}

static void tell(struct receiver *to) { must("tgkill", syscall(SYS_tgkill, process, to->tid, SIGRTMIN)); }

static void queue(struct receiver *to, long number)
{
    siginfo_t info = { .si_code = SI_QUEUE };
    info.si_pid = process;
    info.si_value.sival_int = (int)number;
    must("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, process, to->tid, SIGRTMIN + 1, &info));
}

static void *tells(void *argument)
{
    for (long sent = 0; sent < count; sent++) {
        while (sent - receivers[0].told > WINDOW)
            sched_yield();
        tell(&receivers[0]);
    }
    return NULL;
}

static void *queues(void *argument)
{
    for (long sent = 0; sent < count; sent++) {
        while (sent - receivers[0].queued > WINDOW)
            sched_yield();
        queue(&receivers[0], sent);
    }
    return NULL;
}

static void report(const char *what, const struct receiver *receiver)
{
    printf("%s: wrong checksums %ld, lost %ld %ld, out of order %ld\n", what, receiver->wrong, count - receiver->told, count - receiver->queued, receiver->out_of_order);
}

static void take(struct receiver *receiver)
{
    own = receiver;
    own->tid = (pid_t)syscall(SYS_gettid);
    sigset_t set = ours();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void one_takes_all(int tell_rate)
{
    pthread_t threads[2];
    timer_t timer;
    struct receiver *receiver = &receivers[0];
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2 };
    struct itimerspec often = { { 0, 20000 }, { 0, 20000 } };
    struct itimerval alarms = { { 0, 100 }, { 0, 100 } }, none = { 0 };
    long long begin = now(CLOCK_MONOTONIC);
    take(receiver);
    must("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer));
    sigset_t set = ours();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&threads[0], NULL, tells, NULL);
    pthread_create(&threads[1], NULL, queues, NULL);
    must("timer_settime", timer_settime(timer, 0, &often, NULL));
    must("setitimer", setitimer(ITIMER_REAL, &alarms, NULL));
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    while (receiver->told < count || receiver->queued < count || receiver->ticks < RINGS || receiver->alarms < RINGS)
        receiver->wrong += checksum(BLOCK) != reference;
    double seconds = (double)(now(CLOCK_MONOTONIC) - begin) / 1e9;
    setitimer(ITIMER_REAL, &none, NULL);
    timer_delete(timer);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (tell_rate)
        printf("%.0f signals a second, of them %ld of timers\n", (double)(2 * count + receiver->ticks + receiver->alarms) / seconds, receiver->ticks + receiver->alarms);
    report("one takes all", receiver);
}

static pthread_barrier_t all_there;

// Waits for nobody: what it may not send yet it sends later.
static void *computes(void *argument)
{
    struct receiver *receiver = argument, *next = &receivers[(receiver - receivers + 1) % THREADS];
    take(receiver);
    pthread_barrier_wait(&all_there);
    for (long sent = 0; sent < count || receiver->told < count || receiver->queued < count;) {
        if (sent < count && sent - next->queued <= WINDOW && sent - next->told <= WINDOW) {
            tell(next);
            queue(next, sent++);
        } else {
            sched_yield();
        }
        receiver->wrong += checksum(64) != reference_of_steps;
    }
    pthread_barrier_wait(&all_there);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    if (argc > 1)
        count = atol(argv[1]);
    process = getpid();
    for (int i = 0; i < BLOCK; i++)
        numbers[i] = (i * 7919 % 1009) / 64.0 + 0.1;
    sigset_t set = ours();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    struct sigaction action = { .sa_handler = on_told };
    sigaction(SIGRTMIN, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    action = (struct sigaction) { .sa_sigaction = on_queued, .sa_flags = SA_SIGINFO };
    sigaction(SIGRTMIN + 1, &action, NULL);
    action.sa_sigaction = on_tick;
    sigaction(SIGRTMIN + 2, &action, NULL);
    reference = checksum(BLOCK);
    reference_of_steps = checksum(64);
    reference_of_handlers = checksum(16);
    one_takes_all(argc > 1);

    memset(receivers, 0, sizeof receivers);
    pthread_barrier_init(&all_there, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, computes, &receivers[i]);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        report("each to the next", &receivers[i]);
    }
    return broken;
}
