// What is left of a process after its end, and the ways to have nothing left.
#include "guest.h"

static volatile sig_atomic_t count, last_code, last_status;

static void on_child(int signal, siginfo_t *info, void *context)
{
    count++;
    last_code = info->si_code;
    last_status = info->si_status;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return atoi(argv[1]);
    char path[64], text[64];
    pid_t child = START("4");
    until_state(child, 'Z');
    value("signal to a zombie", kill(child, SIGTERM));
    holds("a zombie has its group", getpgid(child) == getpgrp());
    snprintf(path, sizeof path, "/proc/%d/exe", (int)child);
    value("its exe", readlink(path, text, sizeof text));
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)child);
    int fd = open(path, O_RDONLY);
    value("its command line", read(fd, text, sizeof text));
    close(fd);
    outcome("zombie", child);
    value("signal to nobody", kill(child, 0));
    holds("not in /proc", state_of(child) == 0);

    // SIGCHLD tells.
    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &old);
    struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO };
    sigaction(SIGCHLD, &action, NULL);
    child = START("17");
    while (!count)
        sigsuspend(&old);
    printf("SIGCHLD: count %d code-is-exited %d status %d\n", (int)count, last_code == CLD_EXITED, (int)last_status);
    outcome("told", child);

    // Ignoring SIGCHLD leaves no zombies, and wait waits for all.
    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGCHLD, &action, NULL);
    START("1");
    START("2");
    value("wait while ignoring", waitpid(-1, NULL, 0));

    // So does SA_NOCLDWAIT, and the signal still comes.
    action.sa_sigaction = on_child;
    action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
    sigaction(SIGCHLD, &action, NULL);
    count = 0;
    START("3");
    value("wait with SA_NOCLDWAIT", waitpid(-1, NULL, 0));
    sigset_t pending;
    sigpending(&pending);
    holds("SIGCHLD is pending", sigismember(&pending, SIGCHLD));
    sigprocmask(SIG_SETMASK, &old, NULL);
    value("then delivered", count);

    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;
    sigaction(SIGCHLD, &action, NULL);
    outcome("as usual again", START("6"));
    return broken;
}
