// random-calls.tool SEED CALLS: several threads make system calls of random numbers with arguments that no program would give them, CALLS in all, and count them in the file "count". It may end in any way; the machine goes on.
#include "bad-calls.inc.c"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

enum { THREADS = 4, HIGHEST = 470, PATIENCE = 50, TICK = 1000000 };

static pthread_t workers[THREADS];
static volatile long *made; // one count per thread
static long each;
static uint64_t seed;

// What makes processes without number, and what ends this one at once.
static int is_left_out(long number)
{
    switch (number)
    {
    case SYS_clone: case SYS_fork: case SYS_vfork: case SYS_clone3: case SYS_exit: case SYS_exit_group: case SYS_rt_sigreturn: case SYS_setsid: return 1;
    case SYS_kill: case SYS_tkill: case SYS_tgkill: case SYS_rt_sigqueueinfo: case SYS_rt_tgsigqueueinfo: case SYS_reboot: case SYS_prlimit64: case SYS_ptrace: case 424: return getuid() == 0; // 424: pidfd_send_signal
    default: return 0;
    }
}

static void on_tick(int signal_number) { }

static void *work(void *argument)
{
    long mine = (long)argument;
    state = (seed + mine) * 0x9e3779b97f4a7c15 + 1;
    while (made[mine] < each)
    {
        if (made[mine] % 16 == 0)
            fill_page();
        long number = next() >> 8 & 1023;
        if (number > 1000)
            number = next();
        else if (number >= HIGHEST)
            continue;
        if (is_left_out(number))
            continue;
        made[mine]++;
        call(number);
    }
    return 0;
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    struct sigaction action = { .sa_handler = on_tick };
    seed = strtoull(arguments[1], 0, 0);
    each = atol(arguments[2]) / THREADS;
    open_some(arguments[1]);
    int file = open("count", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (ftruncate(file, PAGE) != 0 || !make_pages())
        return 3;
    made = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (made == MAP_FAILED)
        return 3;
    close(file);
    sigaction(SIGUSR1, &action, 0);
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i], 0, work, (void *)i) != 0)
            return 3;
    // What waits is interrupted; what can't be is given up.
    long before = -1;
    for (int patience = PATIENCE; patience > 0;)
    {
        struct timespec tick = { 0, TICK };
        nanosleep(&tick, 0);
        long sum = 0;
        for (int i = 0; i < THREADS; i++)
        {
            sum += made[i];
            if (made[i] < each)
                pthread_kill(workers[i], SIGUSR1);
        }
        if (sum >= each * THREADS)
            break;
        patience = sum == before ? patience - 1 : PATIENCE;
        before = sum;
    }
    _exit(0);
}
