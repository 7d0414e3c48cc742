// How much a pipe takes, when a write is whole and when it is a part.
#include "guest.h"
#include <poll.h>
#include <sys/ioctl.h>

static char block[1 << 20];

static long fill(int fd, size_t size)
{
    long sum = 0, got;
    while ((got = write(fd, block, size)) > 0)
        sum += got;
    if (errno != EAGAIN)
        value("filling ended with", -1);
    return sum;
}

static int writable(int fd)
{
    struct pollfd set = { fd, POLLOUT, 0 };
    poll(&set, 1, 0);
    return set.revents;
}

int main(void)
{
    int ends[2];
    must("pipe2", pipe2(ends, O_NONBLOCK));
    value("capacity", fcntl(ends[0], F_GETPIPE_SZ));
    value("capacity of the other end", fcntl(ends[1], F_GETPIPE_SZ));
    value("filled by 4096", fill(ends[1], 4096));
    value("one byte more", write(ends[1], "x", 1));
    value("POLLOUT when full", writable(ends[1]));
    value("read a byte", read(ends[0], block, 1));
    value("a byte into the room", write(ends[1], "x", 1));
    value("read a page's rest", read(ends[0], block, 4095));
    value("POLLOUT with a page of room", writable(ends[1]));
    value("4096 bytes are whole", write(ends[1], block, 4096));
    value("empty it", read(ends[0], block, sizeof block));

    value("more than the capacity: a part", write(ends[1], block, 100000));
    value("nothing more of it", write(ends[1], block, 100000));
    value("read three pages", read(ends[0], block, 3 * 4096));
    value("two and a half: whole", write(ends[1], block, 10240));
    value("4096 into the half page: none", write(ends[1], block, 4096));
    value("empty it", read(ends[0], block, sizeof block));

    value("filled by one byte", fill(ends[1], 1));
    value("empty it", read(ends[0], block, sizeof block));

    value("larger", fcntl(ends[0], F_SETPIPE_SZ, 200000));
    value("capacity", fcntl(ends[0], F_GETPIPE_SZ));
    value("filled", fill(ends[1], 4096));
    value("shrink below what is in it", fcntl(ends[0], F_SETPIPE_SZ, 4096));
    value("empty it", read(ends[0], block, sizeof block));
    value("smaller", fcntl(ends[1], F_SETPIPE_SZ, 1));
    value("filled", fill(ends[1], 100));
    int bytes;
    must("FIONREAD", ioctl(ends[0], FIONREAD, &bytes));
    value("in it", bytes);
    value("no size at all", fcntl(ends[1], F_SETPIPE_SZ, 0));
    value("of a file", fcntl(open("/dev/null", O_RDWR), F_GETPIPE_SZ));
    return broken;
}
