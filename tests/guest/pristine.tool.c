// pristine.tool PROGRAM ARGS...: executes PROGRAM with nothing inherited that would change what it prints: no ignored or blocked signals, no descriptors but the standard ones, a session of its own.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char** arguments)
{
    sigset_t none;
    if (count < 2)
        return 2;
    for (int signal_number = 1; signal_number < 65; signal_number++)
        signal(signal_number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    for (int descriptor = 3; descriptor < 1024; descriptor++)
        close(descriptor);
    setsid();
    execv(arguments[1], arguments + 1);
    perror(arguments[1]);
    return 127;
}
