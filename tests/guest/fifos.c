// Pipes with names.
#include "guest.h"
#include <poll.h>

int main(int argc, char **argv)
{
    char text[100];
    if (argc > 1) {
        int fd;
        if (!strcmp(argv[1], "write")) {
            fd = open("fifo", O_WRONLY);
            write(fd, "through a fifo", 14);
        } else {
            fd = open("fifo", O_RDONLY);
            int got = read(fd, text, sizeof text);
            printf("child read %d: %.*s\n", got, got, text);
        }
        return close(fd);
    }
    struct stat st;
    scratch();
    value("mkfifo", mkfifo("fifo", 0640));
    value("mkfifo again", mkfifo("fifo", 0640));
    value("mknod of a fifo", mknod("other", S_IFIFO | 0600, 0));
    must("stat", stat("fifo", &st));
    printf("fifo %d mode %o size %d\n", S_ISFIFO(st.st_mode), st.st_mode & 07777, (int)st.st_size);
    value("write end without a reader, not waiting", open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = done("read end, not waiting", open("fifo", O_RDONLY | O_NONBLOCK));
    value("read without a writer", read(reader, text, 10));
    struct pollfd set = { reader, POLLIN, 0 };
    value("poll before any writer", poll(&set, 1, 0));
    int writer = done("write end now", open("fifo", O_WRONLY | O_NONBLOCK));
    value("read of an empty one", read(reader, text, 10));
    value("write", write(writer, "abc", 3));
    value("read", read(reader, text, 10));
    close(writer);
    poll(&set, 1, 0);
    printf("after the writer: %x\n", set.revents);
    value("read after the writer", read(reader, text, 10));
    close(reader);

    int fd = done("both ends in one", open("fifo", O_RDWR));
    value("write", write(fd, "to myself", 9));
    value("read", read(fd, text, 100));
    close(fd);

    // Opening waits for the other end.
    pid_t child = START("write");
    until_state(child, 'S');
    fd = done("read end", open("fifo", O_RDONLY));
    int sum = 0, got;
    while ((got = read(fd, text + sum, sizeof text - sum)) > 0)
        sum += got;
    printf("%.*s\n", sum, text);
    close(fd);
    outcome("writer", child);
    child = START("read");
    until_state(child, 'S');
    fd = done("write end", open("fifo", O_WRONLY));
    int written = write(fd, "and back", 8);
    close(fd);
    outcome("reader", child);
    value("write", written);

    // What was not read is gone with the last end.
    fd = open("fifo", O_RDWR);
    write(fd, "lost", 4);
    close(fd);
    fd = open("fifo", O_RDONLY | O_NONBLOCK);
    value("nothing left", read(fd, text, 10));
    value("O_TRUNC and O_CREAT do nothing to it", close(open("fifo", O_RDWR | O_CREAT | O_TRUNC, 0600)));
    value("lseek", lseek(fd, 0, SEEK_CUR));
    value("O_DIRECTORY", open("fifo", O_RDONLY | O_DIRECTORY | O_NONBLOCK));
    close(fd);
    // A signal ends the waiting.
    child = START("read");
    until_state(child, 'S');
    kill(child, SIGTERM);
    outcome("interrupted open", child);
    leave();
    return broken;
}
