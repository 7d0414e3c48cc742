// The mask of blocked signals, what is pending, and waiting for a signal.
#include "guest.h"
#include <sys/syscall.h>

static volatile sig_atomic_t got;
static void on_signal(int signal) { got = signal; }

static void show_set(const char *what, sigset_t *set)
{
    printf("%s:", what);
    for (int i = 1; i < 65; i++)
        if (sigismember(set, i) == 1)
            printf(" %d", i);
    puts("");
}

int main(int argc, char **argv)
{
    sigset_t set, old, pending;
    siginfo_t info;
    if (argc > 1) {
        if (!strcmp(argv[1], "mask")) {
            sigprocmask(SIG_BLOCK, NULL, &set);
            show_set("mask after execve", &set);
            sigpending(&set);
            show_set("pending after execve", &set);
            return 0;
        }
        if (!strcmp(argv[1], "pend")) {
            sigemptyset(&set);
            sigaddset(&set, SIGUSR2);
            sigprocmask(SIG_BLOCK, &set, NULL);
            raise(SIGUSR2);
            execl("/proc/self/exe", "guest", "mask", (char *)0);
        }
        until_state(getppid(), 'S');
        return kill(getppid(), atoi(argv[1]));
    }
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGKILL);
    sigaddset(&set, SIGSTOP);
    sigaddset(&set, 40);
    value("block", sigprocmask(SIG_BLOCK, &set, &old));
    show_set("before", &old);
    sigprocmask(0, NULL, &old);
    show_set("blocked", &old);
    sigemptyset(&set);
    sigaddset(&set, 40);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigprocmask(0, NULL, &old);
    show_set("after unblocking", &old);
    value("a wrong how", sigprocmask(9, &set, NULL));
    value("a wrong how without a set", sigprocmask(9, NULL, &old));
    value("a wrong size", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4));
    value("a bad pointer", syscall(SYS_rt_sigprocmask, SIG_BLOCK, 8, NULL, 8));

    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    value("not delivered", got);
    sigpending(&pending);
    show_set("pending", &pending);
    pid_t child = START("mask");
    outcome("a child has the mask, not what is pending", child);
    outcome("after an execve of its own", START("pend"));
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, &old);
    value("delivered on unblocking", got);

    // sigsuspend
    sigprocmask(SIG_SETMASK, &old, NULL);
    child = START("10");
    value("sigsuspend", sigsuspend(&set));
    value("delivered", got);
    outcome("sender", child);
    sigprocmask(0, NULL, &set);
    show_set("the mask is back", &set);

    // sigtimedwait takes it without a handler.
    got = 0;
    struct timespec none = { 0, 0 }, little = { 0, 20000000 }, wrong = { 0, 1000000000 };
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    value("nothing there", sigtimedwait(&set, &info, &none));
    long long before = now(CLOCK_MONOTONIC);
    value("nothing came", sigtimedwait(&set, &info, &little));
    holds("it waited", now(CLOCK_MONOTONIC) - before >= 20000000);
    value("wrong time", sigtimedwait(&set, &info, &wrong));
    raise(SIGUSR1);
    value("there already", sigtimedwait(&set, &info, &none));
    printf("code %d from us %d\n", info.si_code, info.si_pid == getpid());
    union sigval sent = { .sival_int = 6 };
    sigqueue(getpid(), SIGRTMIN, sent);
    raise(SIGUSR1);
    value("lowest first", sigwaitinfo(&set, &info));
    value("then the other", sigwaitinfo(&set, &info));
    value("its value", info.si_value.sival_int);
    child = START("10");
    value("sigwaitinfo", sigwaitinfo(&set, &info));
    holds("from the child", info.si_pid == child);
    outcome("sender", child);
    signal(SIGUSR2, on_signal);
    child = START("12");
    value("another signal interrupts", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8)); // libc would begin again
    outcome("sender", child);
    int number;
    raise(SIGUSR1);
    value("sigwait", sigwait(&set, &number));
    printf("signal %d, last handled %d\n", number, (int)got);
    return broken;
}
