// Signals reach a program that computes and calls nothing.
#include "guest.h"
#include <setjmp.h>
#include <sys/time.h>

static volatile sig_atomic_t got;
static sigjmp_buf out;
static void on_signal(int signal) { got = signal; }
static void on_jump(int signal) { siglongjmp(out, signal); }

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!strcmp(argv[1], "handler"))
            signal(SIGUSR1, on_signal);
        write(10, "x", 1);
        while (!got)
            __asm__ volatile("" : : : "memory");
        return 7;
    }
    int ends[2];
    char byte;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[1], 10));
    pid_t child = START("spin");
    read(ends[0], &byte, 1);
    kill(child, SIGKILL);
    outcome("SIGKILL", child);
    child = START("spin");
    read(ends[0], &byte, 1);
    kill(child, SIGTERM);
    outcome("SIGTERM", child);
    child = START("handler");
    read(ends[0], &byte, 1);
    kill(child, SIGUSR1);
    outcome("a handler", child);
    child = START("spin");
    read(ends[0], &byte, 1);
    int status;
    kill(child, SIGSTOP);
    holds("SIGSTOP", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    kill(child, SIGCONT);
    kill(child, SIGINT);
    outcome("then SIGINT", child);

    struct itimerval once = { { 0, 0 }, { 0, 20000 } };
    signal(SIGALRM, on_signal);
    setitimer(ITIMER_REAL, &once, NULL);
    while (!got)
        __asm__ volatile("" : : : "memory");
    value("SIGALRM", got);
    signal(SIGALRM, on_jump);
    setitimer(ITIMER_REAL, &once, NULL);
    int jumped = sigsetjmp(out, 1);
    if (!jumped)
        for (;;)
            __asm__ volatile("" : : : "memory");
    value("jumped out of the loop", jumped);
    // Two that spin at once are two that can be ended.
    pid_t first = START("spin"), second = START("spin");
    read(ends[0], &byte, 1);
    read(ends[0], &byte, 1);
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    outcome("first", first);
    outcome("second", second);
    return broken;
}
