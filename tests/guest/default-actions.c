// What each signal does to a program that says nothing about it.
#include "guest.h"

int main(int argc, char **argv)
{
    if (argc > 1) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        int number = atoi(argv[1]);
        signal(number, argc > 2 ? SIG_IGN : SIG_DFL); // whoever started us may ignore some
        kill(getpid(), number);
        return 42;
    }
    for (int i = 1; i <= 64; i++) {
        char number[12];
        snprintf(number, sizeof number, "%d", i);
        if (i == SIGTSTP || i == SIGTTIN || i == SIGTTOU || i == 32 || i == 33 || i == 34)
            continue; // depends on our group being an orphan; belongs to libc
        pid_t child = START(number);
        int status;
        waitpid(child, &status, WUNTRACED);
        describe(number, status);
        if (WIFSTOPPED(status)) {
            kill(child, SIGCONT);
            outcome("and continued", child);
        }
    }
    // A group whose parents are all in other sessions or in it is an orphan: it can't be stopped from a terminal.
    for (int i = SIGTSTP; i <= SIGTTOU; i++) {
        char number[12];
        snprintf(number, sizeof number, "%d", i);
        pid_t child = vfork();
        if (child == 0) {
            setsid();
            execl("/proc/self/exe", "guest", number, (char *)0);
            _exit(126);
        }
        int status;
        waitpid(child, &status, WUNTRACED);
        describe(number, status);
    }
    // And what a program ignores, save what can't be ignored.
    const char *ignored[] = { "1", "2", "8", "11", "13", "15", "17", "40" };
    for (size_t i = 0; i < COUNT(ignored); i++)
        outcome(ignored[i], START((char *)ignored[i], "ignored"));
    outcome("9", START("9", "ignored"));
    return broken;
}
