// Stopping and going on: what wait tells of it, and what SIGCHLD says.
#include "guest.h"

static volatile sig_atomic_t count, last_code, last_status;

static void on_child(int signal, siginfo_t *info, void *context)
{
    count++;
    last_code = info->si_code;
    last_status = info->si_status;
}

static void show(const char *what, int result, siginfo_t *info)
{
    if (result < 0)
        value(what, -1);
    else
        printf("%s: code %d status %d\n", what, info->si_code, info->si_status);
}

static void code_of(const char *what, sigset_t *mask)
{
    while (!count)
        sigsuspend(mask);
    printf("%s: SIGCHLD code %d status %d\n", what, (int)last_code, (int)last_status);
    count = 0;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!strcmp(argv[1], "self"))
            raise(SIGSTOP);
        for (;;)
            pause();
    }
    siginfo_t info;
    int status;
    pid_t child = START("self");
    holds("WUNTRACED", waitpid(child, &status, WUNTRACED) == child);
    describe("it", status);
    value("told once", waitpid(child, &status, WUNTRACED | WNOHANG));
    holds("state in /proc", state_of(child) == 'T');
    kill(child, SIGCONT);
    holds("WCONTINUED", waitpid(child, &status, WCONTINUED) == child);
    describe("it", status);
    kill(child, SIGTERM);
    outcome("it", child);

    child = START("pause");
    kill(child, SIGSTOP);
    show("waitid, WNOWAIT", waitid(P_PID, child, &info, WSTOPPED | WNOWAIT), &info);
    show("waitid", waitid(P_PID, child, &info, WSTOPPED), &info);
    kill(child, SIGTERM);
    value("a stopped one does not die yet", waitpid(child, &status, WNOHANG));
    kill(child, SIGCONT);
    outcome("but once continued", child);
    child = START("pause");
    kill(child, SIGSTOP);
    show("stopped", waitid(P_PID, child, &info, WSTOPPED), &info);
    kill(child, SIGCONT);
    show("continued, WNOWAIT", waitid(P_PID, child, &info, WCONTINUED | WNOWAIT), &info);
    show("continued", waitid(P_PID, child, &info, WCONTINUED), &info);
    memset(&info, 0, sizeof info);
    show("told once", waitid(P_PID, child, &info, WCONTINUED | WNOHANG), &info);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGKILL);
    outcome("SIGKILL reaches a stopped one", child);

    // A stop that is undone before anybody asked is not told.
    child = START("pause");
    kill(child, SIGSTOP);
    until_state(child, 'T');
    kill(child, SIGCONT);
    until_state(child, 'S');
    holds("continued comes instead of stopped", waitpid(child, &status, WUNTRACED | WCONTINUED) == child && WIFCONTINUED(status));

    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &old);
    struct sigaction action = { .sa_sigaction = on_child, .sa_flags = SA_SIGINFO };
    sigaction(SIGCHLD, &action, NULL);
    kill(child, SIGSTOP);
    code_of("stopped", &old);
    kill(child, SIGCONT);
    code_of("continued", &old);
    action.sa_flags = SA_SIGINFO | SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, NULL);
    kill(child, SIGSTOP);
    until_state(child, 'T');
    sigset_t pending;
    sigpending(&pending);
    holds("SA_NOCLDSTOP: none", !sigismember(&pending, SIGCHLD));
    kill(child, SIGKILL);
    code_of("killed", &old);
    outcome("it", child);
    return broken;
}
