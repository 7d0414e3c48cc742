// select, pselect and ppoll: sets, time-outs, masks.
#include "guest.h"
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;
static void on_signal(int signal) { handled++; }

static fd_set reading, writing, failing;

static void set_all(void)
{
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_ZERO(&failing);
    FD_SET(40, &reading);
    FD_SET(41, &writing);
    FD_SET(40, &failing);
}

static void show(void) { printf("reading %d writing %d failing %d\n", FD_ISSET(40, &reading) != 0, FD_ISSET(41, &writing) != 0, FD_ISSET(40, &failing) != 0); }

int main(int argc, char **argv)
{
    if (argc > 1) {
        until_state(getppid(), 'S');
        write(41, "x", 1);
        return 0;
    }
    int ends[2];
    char byte;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[0], 40));
    must("dup2", dup2(ends[1], 41));
    struct timeval none = { 0, 0 }, little = { 0, 20000 }, lot = { 100, 0 };
    set_all();
    value("select", select(42, &reading, &writing, &failing, &none));
    show();
    write(41, "x", 1);
    set_all();
    value("with a byte", select(42, &reading, &writing, &failing, NULL));
    show();
    read(40, &byte, 1);
    set_all();
    long long before = now(CLOCK_MONOTONIC);
    value("time-out", syscall(SYS_select, 41, &reading, NULL, NULL, &little)); // libc hides what is left
    holds("after its time", now(CLOCK_MONOTONIC) - before >= 20000000);
    holds("the time that is left is none", little.tv_sec == 0 && little.tv_usec == 0);
    holds("the set is empty", !FD_ISSET(40, &reading));
    set_all();
    value("only those below the limit", select(40, &reading, &writing, NULL, &none));
    set_all();
    FD_SET(50, &reading); // one of the 64 that every table has room for
    value("a descriptor that is none", select(51, &reading, NULL, NULL, &none));
    set_all();
    value("less than no descriptors", select(-1, &reading, NULL, NULL, &none));
    value("a negative time", syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval) { -1, 0 }));
    value("only waiting", select(0, NULL, NULL, NULL, &(struct timeval) { 0, 1000 }));
    set_all();
    pid_t child = START("write");
    value("woken", syscall(SYS_select, 41, &reading, NULL, NULL, &lot));
    holds("the time that is left", lot.tv_sec >= 80 && lot.tv_sec < 100);
    outcome("writer", child);
    set_all();
    close(41);
    close(ends[1]);
    read(40, &byte, 1);
    value("end of file can be read", select(41, &reading, NULL, NULL, &none));
    set_all();
    FD_ZERO(&reading);
    int file = must("open", open("/dev/null", O_RDWR));
    FD_SET(file, &reading);
    FD_ZERO(&writing);
    FD_SET(file, &writing);
    value("a file can always", select(file + 1, &reading, &writing, NULL, &none));

    // The mask is there while waiting, and only then.
    sigset_t block, empty;
    sigemptyset(&empty);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    struct timespec time = { 10, 0 };
    value("pselect", pselect(0, NULL, NULL, NULL, &time, &empty));
    value("handled", handled);
    sigset_t after;
    sigprocmask(0, NULL, &after);
    holds("blocked again", sigismember(&after, SIGUSR1));
    raise(SIGUSR1);
    value("ppoll", ppoll(NULL, 0, &time, &empty));
    value("handled", handled);
    raise(SIGUSR1);
    time = (struct timespec) { 0, 1000000 };
    value("ppoll without a mask", ppoll(NULL, 0, &time, NULL));
    value("not handled", handled);
    value("ppoll, a wrong time", syscall(SYS_ppoll, NULL, 0, &(struct timespec) { 0, 1000000000 }, NULL, 8));
    value("ppoll, a wrong size of the mask", syscall(SYS_ppoll, NULL, 0, &time, &empty, 4));
    return broken;
}
