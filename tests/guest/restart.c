// A signal in a waiting call: which calls begin again with SA_RESTART, and which never do.
#include "guest.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/epoll.h>
#include <sys/file.h>

static volatile sig_atomic_t handled;
static void on_signal(int signal) { handled++; }

static void install(int flags)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
    sigaction(SIGUSR1, &action, NULL);
    handled = 0;
}

// Sends the signal as soon as its parent sleeps, then writes a byte once the signal was taken and the parent sleeps again, if it is to.
static int role(char **argv)
{
    until_state(getppid(), 'S');
    nap(5);
    until_state(getppid(), 'S');
    kill(getppid(), SIGUSR1);
    if (strcmp(argv[1], "again"))
        return 0;
    nap(20);
    until_state(getppid(), 'S');
    write(11, "x", 1);
    return 30;
}

static void after(const char *what, pid_t child)
{
    printf("%s: handled %d\n", what, (int)handled);
    handled = 0;
    outcome("sender", child);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    char byte;
    int ends[2], status;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[0], 10));
    must("dup2", dup2(ends[1], 11));
    struct pollfd set = { 10, POLLIN, 0 };

    install(0);
    pid_t child = START("once");
    value("read", read(10, &byte, 1));
    after("without SA_RESTART", child);
    install(SA_RESTART);
    child = START("again");
    value("read", read(10, &byte, 1));
    after("with SA_RESTART", child);

    child = START("again");
    pid_t waited = waitpid(child, &status, 0);
    holds("wait4 begins again", waited == child && handled == 1);
    describe("the child", status);
    read(10, &byte, 1);
    install(0);
    child = START("once");
    pid_t sleeper = vfork();
    if (sleeper == 0) {
        execl("/bin/sleep", "sleep", "100", (char *)0);
        _exit(126);
    }
    value("wait4 without SA_RESTART", waitpid(sleeper, &status, 0));
    after("wait4", child);
    kill(sleeper, SIGKILL);
    outcome("sleeper", sleeper);

    install(SA_RESTART);
    child = START("once");
    value("poll", poll(&set, 1, -1));
    after("not begun again", child);
    child = START("once");
    fd_set reading;
    FD_ZERO(&reading);
    FD_SET(10, &reading);
    value("select", select(11, &reading, NULL, NULL, NULL));
    after("not begun again", child);
    child = START("once");
    struct timespec time = { 100, 0 }, left = { 0, 0 };
    value("nanosleep", nanosleep(&time, &left));
    holds("what is left", left.tv_sec >= 80 && left.tv_sec < 100);
    after("not begun again", child);
    child = START("once");
    value("pause", pause());
    after("not begun again", child);
    int epoll = epoll_create1(0);
    child = START("once");
    struct epoll_event event;
    value("epoll_wait", epoll_wait(epoll, &event, 1, -1));
    after("not begun again", child);

    // A full pipe: the part that was written counts.
    static char large[100000];
    install(0);
    child = START("once");
    value("write of too much", write(11, large, sizeof large));
    after("a part", child);
    child = START("once");
    value("write into a full pipe", write(11, large, 1));
    after("nothing", child);
    // An ignored signal and one whose handler is the default ignore interrupt nothing.
    signal(SIGUSR1, SIG_IGN);
    read(10, large, sizeof large);
    child = START("again");
    value("read while ignoring", read(10, &byte, 1));
    outcome("sender", child);
    return broken;
}
