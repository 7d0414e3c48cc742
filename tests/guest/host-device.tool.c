// Uses the counter device of a host in all the ways there are: host-device PATH.
#include "guest.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COUNTER_GET _IOR('C', 1, long)

static int fd;

static void set(const char *text)
{
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        printf("write %s: errno %d\n", text, errno);
}

static void show(const char *what)
{
    long value = -1;
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    int ready = poll(&p, 1, 0);
    int answer = ioctl(fd, COUNTER_GET, &value);
    printf("%s: poll %d in %d out %d, ioctl %d value %ld\n", what, ready, !!(p.revents & POLLIN), !!(p.revents & POLLOUT), answer, value);
}

static void on_alarm(int number)
{
}

int main(int argc, char **argv)
{
    char line[32];
    fd = open(argv[1], O_RDWR);
    if (fd < 0)
        return 1;
    show("fresh");
    ssize_t got = read(fd, line, sizeof line);
    printf("read %zd: %.*s", got, (int)got, line);
    set("5");
    show("at the limit");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    got = read(fd, line, sizeof line);
    printf("nonblocking %zd errno %d\n", got, errno);
    fcntl(fd, F_SETFL, 0);
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    ualarm(20000, 20000); // again and again: the first may come before the read
    got = read(fd, line, sizeof line);
    int error = errno;
    ualarm(0, 0);
    errno = error;
    printf("interrupted %zd errno %d\n", got, errno);
    got = write(fd, "x", 1);
    printf("nonsense %zd errno %d\n", got, errno);
    got = ioctl(fd, 1, 0);
    printf("unknown ioctl %zd errno %d\n", got, errno);
    got = ioctl(fd, COUNTER_GET, 8);
    printf("bad pointer %zd errno %d\n", got, errno);
    printf("waiting\n");
    fflush(stdout);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    got = poll(&p, 1, -1);
    printf("woken %zd\n", got);
    got = read(fd, line, sizeof line);
    printf("read %zd: %.*s", got, (int)got, line);
    return 0;
}
