// Pipes: their ends, end of file, EPIPE, and what is not done with them.
#include "guest.h"
#include <sys/ioctl.h>
#include <sys/uio.h>

static volatile sig_atomic_t broken_pipe;
static void on_pipe(int signal) { broken_pipe++; }

static void byte_counts(int fd)
{
    int bytes = -1;
    value("FIONREAD", ioctl(fd, FIONREAD, &bytes));
    printf("%d bytes\n", bytes);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte;
        int count = 0;
        if (!strcmp(argv[1], "count")) {
            while (read(0, &byte, 1) == 1)
                count++;
            printf("child read %d bytes, then end of file\n", count);
            return 0;
        }
        write(1, "x", 1); // dies of SIGPIPE
        return 1;
    }
    int ends[2] = { -7, -7 };
    char text[32] = "";
    struct stat st;
    value("pipe2 with a wrong flag", pipe2(ends, O_CREAT));
    holds("nothing was made", ends[0] == -7);
    int lowest = dup(0);
    close(lowest);
    must("pipe", pipe(ends));
    holds("the lowest descriptor first", ends[0] == lowest && ends[1] > lowest);
    printf("flags %o %o, close-on-exec %d\n", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL), fcntl(ends[0], F_GETFD));
    value("write to the read end", write(ends[0], "x", 1));
    value("read from the write end", read(ends[1], text, 1));
    value("lseek", lseek(ends[0], 0, SEEK_SET));
    value("pread", pread(ends[0], text, 1, 0));
    value("ftruncate", ftruncate(ends[1], 0));
    value("fsync", fsync(ends[1]));
    value("getdents by fchdir", fchdir(ends[0]));
    must("fstat", fstat(ends[0], &st));
    printf("is a fifo: %d, mode %o, links %d, size %d\n", S_ISFIFO(st.st_mode), st.st_mode & 07777, (int)st.st_nlink, (int)st.st_size);
    ino_t inode = st.st_ino;
    must("fstat", fstat(ends[1], &st));
    holds("both ends are one inode", inode == st.st_ino);

    value("write", write(ends[1], "hello, world", 12));
    byte_counts(ends[0]);
    byte_counts(ends[1]);
    value("read of less", read(ends[0], text, 5));
    value("read of nothing", read(ends[0], text, 0));
    value("read of more", read(ends[0], text + 5, 20));
    puts(text);
    struct iovec parts[3] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };
    value("writev", writev(ends[1], parts, 3));
    value("read", read(ends[0], text, sizeof text));
    value("write of nothing", write(ends[1], "", 0));
    byte_counts(ends[0]);

    value("O_NONBLOCK", fcntl(ends[0], F_SETFL, O_NONBLOCK));
    value("read of an empty pipe", read(ends[0], text, 1));
    holds("the other end still blocks", !(fcntl(ends[1], F_GETFL) & O_NONBLOCK));
    value("write the rest", write(ends[1], "rest", 4));
    close(ends[1]);
    value("what was written before the end", read(ends[0], text, sizeof text));
    value("end of file", read(ends[0], text, sizeof text));
    value("and again", read(ends[0], text, sizeof text));
    close(ends[0]);

    must("pipe2", pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    printf("flags %o %o, close-on-exec %d %d\n", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL), fcntl(ends[0], F_GETFD), fcntl(ends[1], F_GETFD));
    close(ends[0]);
    struct sigaction action = { .sa_handler = on_pipe };
    sigaction(SIGPIPE, &action, NULL);
    value("write without a reader", write(ends[1], "x", 1));
    value("write of nothing without a reader", write(ends[1], "", 0));
    printf("SIGPIPE came %d times\n", (int)broken_pipe);
    signal(SIGPIPE, SIG_IGN);
    value("write while ignoring", write(ends[1], "x", 1));
    close(ends[1]);

    // As standard input and output of a program.
    must("pipe", pipe(ends));
    pid_t child = vfork();
    if (child == 0) {
        dup2(ends[0], 0);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "guest", "count", (char *)0);
        _exit(126);
    }
    close(ends[0]);
    for (int i = 0; i < 100; i++)
        must("write", write(ends[1], "0123456789", 10));
    close(ends[1]);
    outcome("reader", child);

    signal(SIGPIPE, SIG_DFL);
    must("pipe", pipe(ends));
    close(ends[0]);
    child = vfork();
    if (child == 0) {
        dup2(ends[1], 1);
        execl("/proc/self/exe", "guest", "write", (char *)0);
        _exit(126);
    }
    outcome("writer without a reader", child);
    return broken;
}
