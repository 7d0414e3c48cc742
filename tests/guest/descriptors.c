// Descriptors: copies, flags, limits, and what an execve leaves open.
#include "guest.h"
#include <poll.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        for (int fd = 100; fd < 106; fd++)
            value("after execve", fcntl(fd, F_GETFD));
        return 0;
    }
    scratch();
    make_file("file", "0123456789", 0600);
    int lowest = dup(0);
    close(lowest);
    int fd = must("open", open("file", O_RDWR));
    holds("the lowest", fd == lowest);
    int copy = dup(fd);
    holds("and the next", copy == lowest + 1);
    lseek(fd, 4, SEEK_SET);
    value("one position", lseek(copy, 0, SEEK_CUR));
    fcntl(copy, F_SETFL, O_APPEND);
    holds("one set of flags", fcntl(fd, F_GETFL) & O_APPEND);
    fcntl(copy, F_SETFD, FD_CLOEXEC);
    value("but close-on-exec is of each", fcntl(fd, F_GETFD));
    int second = must("open", open("file", O_RDWR));
    value("a second open has its own position", lseek(second, 0, SEEK_CUR));

    value("dup2", dup2(fd, 100));
    value("dup2 to itself", dup2(fd, fd) == fd);
    value("dup2 of nothing to itself", dup2(99, 99));
    value("dup2 of nothing", dup2(99, 101));
    value("dup2 to less than none", dup2(fd, -1));
    value("dup2 clears close-on-exec", dup2(copy, 101) < 0 ? -1 : fcntl(101, F_GETFD));
    value("dup3", dup3(fd, 102, O_CLOEXEC) < 0 ? -1 : fcntl(102, F_GETFD));
    value("dup3 to itself", dup3(fd, fd, 0));
    value("dup3 with a wrong flag", syscall(SYS_dup3, fd, 103, O_APPEND));
    value("F_DUPFD", fcntl(fd, F_DUPFD, 103));
    value("F_DUPFD where one is", fcntl(fd, F_DUPFD_CLOEXEC, 103));
    value("F_DUPFD of less than none", fcntl(fd, F_DUPFD, -1));
    value("F_SETFD", fcntl(104, F_SETFD, 0));
    value("F_SETFD", fcntl(103, F_SETFD, 99));
    value("F_GETFD", fcntl(103, F_GETFD));
    outcome("program", START("look"));

    value("close", close(fd));
    value("close again", close(fd));
    value("close of less than none", close(-1));
    value("the copy lives", lseek(copy, 0, SEEK_CUR));
    holds("the lowest again", dup(copy) == lowest);
    value("an unknown command", fcntl(fd, 9999));
    value("of no descriptor", fcntl(999, F_GETFL));
    value("dup of nothing", dup(999));

    // All that there may be.
    struct rlimit limit, few = { 32, 0 };
    must("getrlimit", getrlimit(RLIMIT_NOFILE, &limit));
    few.rlim_max = limit.rlim_max;
    must("setrlimit", setrlimit(RLIMIT_NOFILE, &few));
    int last = -1, next;
    while ((next = dup(copy)) >= 0)
        last = next;
    value("then", -1);
    value("the last", last);
    int ends[2];
    value("open", open("file", O_RDONLY));
    value("pipe", pipe(ends));
    close(last);
    value("pipe with one left", pipe(ends));
    holds("nothing was lost", dup(copy) == last);
    value("dup2 beyond", dup2(copy, 32));
    value("F_DUPFD beyond", fcntl(copy, F_DUPFD, 32));
    value("those beyond live on", lseek(100, 0, SEEK_CUR) >= 0);
    value("poll of more than the limit", poll(NULL, 33, 0));
    must("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
    value("close_range", syscall(SYS_close_range, 3, ~0U, 0));
    value("all closed", fcntl(100, F_GETFD));
    value("standard output is not", fcntl(1, F_GETFD));
    leave();
    return broken;
}
