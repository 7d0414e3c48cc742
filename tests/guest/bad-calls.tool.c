// bad-calls.tool NUMBER SEED ROUNDS: makes one system call over and over with arguments that no program would give it. It may end in any way; the machine goes on.
#include "bad-calls.inc.c"
#include <signal.h>
#include <sys/time.h>

enum { TICK = 20000, TICKS = 20 };

static volatile int ticks;

// What would wait for ever is interrupted, and given up after a while.
static void on_tick(int signal_number)
{
    if (++ticks > TICKS)
        _exit(0);
}

int main(int count, char **arguments)
{
    if (count < 4)
        return 2;
    struct sigaction action = { .sa_handler = on_tick };
    struct itimerval timer = { { 0, TICK }, { 0, TICK } };
    int rounds = atoi(arguments[3]);
    state = strtoull(arguments[2], 0, 0) * 0x9e3779b97f4a7c15 + 1 + atoi(arguments[1]);
    if (!make_pages())
        return 3;
    open_some(arguments[1]);
    sigaction(SIGALRM, &action, 0);
    setitimer(ITIMER_REAL, &timer, 0);
    for (int round = 0; round < rounds; round++)
    {
        fill_page();
        call(atoi(arguments[1]));
    }
    _exit(0);
}
