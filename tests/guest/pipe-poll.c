// poll of pipes: every state of both ends, and being woken.
#include "guest.h"
#include <poll.h>

static char block[65536];

static void show(const char *what, struct pollfd *set, int count, int timeout)
{
    int got = poll(set, count, timeout);
    printf("%s: %d", what, got);
    if (got < 0)
        printf(" %s", strerror(errno));
    for (int i = 0; i < count; i++)
        printf("%s%s%s%s%s%s", i ? " |" : "", set[i].revents & POLLIN ? " IN" : "", set[i].revents & POLLOUT ? " OUT" : "", set[i].revents & POLLHUP ? " HUP" : "",
            set[i].revents & POLLERR ? " ERR" : "", set[i].revents & POLLNVAL ? " NVAL" : "");
    puts("");
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        until_state(getppid(), 'S');
        if (!strcmp(argv[1], "write"))
            write(11, "x", 1);
        if (!strcmp(argv[1], "read"))
            read(10, block, sizeof block);
        return 0; // "close": the end goes with us
    }
    int ends[2];
    const short both = POLLIN | POLLOUT;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[0], 10));
    must("dup2", dup2(ends[1], 11));
    close(ends[0]);
    close(ends[1]);
    struct pollfd set[2] = { { 10, both, 0 }, { 11, both, 0 } };
    show("empty", set, 2, 0);
    show("nothing asked", (struct pollfd[]) { { 10, 0, 0 }, { 11, 0, 0 } }, 2, 0);
    write(11, "x", 1);
    show("a byte", set, 2, 0);
    read(10, block, 1);
    write(11, block, sizeof block);
    show("full", set, 2, 0);
    read(10, block, sizeof block);
    show("bad descriptors", (struct pollfd[]) { { 99, POLLIN, 0 }, { -1, POLLIN, 0 }, { -5, POLLIN, 0 } }, 3, 0);
    long long before = now(CLOCK_MONOTONIC);
    show("time-out", set, 1, 20);
    holds("it took its time", now(CLOCK_MONOTONIC) - before >= 20000000);
    show("no descriptors", NULL, 0, 1);
    value("bad pointer", poll((struct pollfd *)8, 1, 0));
    value("too many", poll(set, 0x40000000, 0));

    pid_t child = START("write");
    show("woken by a write", set, 1, -1);
    outcome("writer", child);
    read(10, block, 1);
    write(11, block, sizeof block);
    child = START("read");
    show("woken by a read", set + 1, 1, -1);
    outcome("reader", child);

    // The read end in a child only: it goes with the child.
    write(11, "x", 1);
    int ours = dup(10);
    fcntl(ours, F_SETFD, FD_CLOEXEC);
    fcntl(11, F_SETFD, FD_CLOEXEC);
    child = vfork();
    if (child == 0) {
        close(ours);
        execl("/proc/self/exe", "guest", "close", (char *)0);
        _exit(126);
    }
    close(10);
    close(ours);
    show("woken by a reader's end", (struct pollfd[]) { { 11, POLLIN, 0 } }, 1, -1);
    show("without a reader", (struct pollfd[]) { { 11, POLLOUT, 0 } }, 1, 0);
    outcome("reader", child);

    must("pipe", pipe2(ends, O_CLOEXEC));
    must("dup2", dup2(ends[1], 11));
    child = vfork();
    if (child == 0) {
        execl("/proc/self/exe", "guest", "close", (char *)0);
        _exit(126);
    }
    close(11);
    write(ends[1], "x", 1);
    close(ends[1]);
    struct pollfd reader = { ends[0], POLLIN, 0 };
    poll(&reader, 1, -1);
    read(ends[0], block, 1);
    show("woken by a writer's end", &reader, 1, -1);
    value("end of file", read(ends[0], block, 1));
    outcome("writer", child);
    return broken;
}
