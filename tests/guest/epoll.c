// epoll and eventfd: levels, edges, one shot; counters.
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

static int epoll;

static void wait_for(const char *what, int timeout)
{
    struct epoll_event events[10];
    int got = epoll_wait(epoll, events, 10, timeout);
    printf("%s: %d", what, got);
    // In the order of their data, as two that are ready have no order.
    for (unsigned data = 0; data < 10; data++)
        for (int i = 0; i < got; i++)
            if (events[i].data.u32 == data)
                printf(" %u:%x", data, events[i].events);
    puts("");
}

static int control(int operation, int fd, unsigned events, unsigned data)
{
    struct epoll_event event = { .events = events, .data.u32 = data };
    return epoll_ctl(epoll, operation, fd, &event);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        until_state(getppid(), 'S');
        eventfd_write(30, 5);
        return 0;
    }
    int ends[2];
    char bytes[100];
    eventfd_t count;
    value("no size", syscall(SYS_epoll_create, 0));
    value("a wrong flag", epoll_create1(1));
    epoll = done("epoll_create1", epoll_create1(EPOLL_CLOEXEC));
    must("pipe", pipe2(ends, O_NONBLOCK));
    value("add", control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    value("add again", control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    value("add the other end", control(EPOLL_CTL_ADD, ends[1], EPOLLOUT, 2));
    wait_for("writable", 0);
    value("change", control(EPOLL_CTL_MOD, ends[1], 0, 2));
    wait_for("nothing", 0);
    write(ends[1], "ab", 2);
    wait_for("readable", -1);
    read(ends[0], bytes, 1);
    wait_for("still readable", -1);
    read(ends[0], bytes, 1);
    wait_for("no more", 10);

    control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 3);
    write(ends[1], "ab", 2);
    wait_for("edge", 0);
    wait_for("no edge", 0);
    read(ends[0], bytes, 1);
    wait_for("no edge by reading", 0);
    write(ends[1], "c", 1);
    wait_for("another edge", 0);
    control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 4);
    wait_for("one shot", 0);
    write(ends[1], "d", 1);
    wait_for("no second", 0);
    control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 4);
    wait_for("armed again", 0);
    value("remove", epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL));
    value("remove again", epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], NULL));
    value("change of what is not there", control(EPOLL_CTL_MOD, ends[0], EPOLLIN, 1));
    value("no descriptor", control(EPOLL_CTL_ADD, 999, EPOLLIN, 1));
    value("itself", control(EPOLL_CTL_ADD, epoll, EPOLLIN, 1));
    value("a wrong operation", control(9, ends[0], EPOLLIN, 1));
    struct epoll_event event = { .events = EPOLLIN };
    value("not an epoll", epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event));
    value("wait of not an epoll", epoll_wait(ends[0], &event, 1, 0));
    value("no room", epoll_wait(epoll, &event, 0, 0));
    value("a file", control(EPOLL_CTL_ADD, open("/proc/self/exe", O_RDONLY), EPOLLIN, 1));

    control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 5);
    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
    close(ends[1]);
    wait_for("hang-up", 0);
    struct pollfd set = { epoll, POLLIN, 0 };
    value("an epoll can be polled", poll(&set, 1, 0));
    int outer = epoll_create1(0), inner = epoll;
    epoll = outer;
    value("an epoll in an epoll", control(EPOLL_CTL_ADD, inner, EPOLLIN, 6));
    wait_for("is ready", 0);
    epoll = inner;
    value("a loop of them", control(EPOLL_CTL_ADD, outer, EPOLLIN, 1));
    close(ends[0]);
    wait_for("what is closed is gone", 0);

    // eventfd
    int fd = done("eventfd", eventfd(3, EFD_NONBLOCK));
    value("a wrong flag", eventfd(0, 2));
    value("read", eventfd_read(fd, &count));
    printf("%d\n", (int)count);
    value("read of zero", eventfd_read(fd, &count));
    value("write", eventfd_write(fd, 10));
    value("write", eventfd_write(fd, 20));
    value("too little room", read(fd, bytes, 4));
    value("read", eventfd_read(fd, &count));
    printf("%d\n", (int)count);
    value("the largest", eventfd_write(fd, 0xfffffffffffffffe));
    value("one more", eventfd_write(fd, 1));
    value("what is no number", eventfd_write(fd, 0xffffffffffffffff));
    control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT, 7);
    wait_for("full", 0);
    eventfd_read(fd, &count);
    wait_for("empty", 0);
    value("lseek", lseek(fd, 0, SEEK_SET));
    int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    for (int i = 0; i < 3; i++)
        value("semaphore", eventfd_read(semaphore, &count) ? -1 : (long)count);
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    fcntl(fd, F_SETFL, 0);
    must("dup2", dup2(fd, 30));
    control(EPOLL_CTL_ADD, 30, EPOLLIN, 8);
    pid_t child = START("write");
    wait_for("woken", -1);
    outcome("writer", child);
    eventfd_read(fd, &count);
    child = START("write");
    value("a read that waits", eventfd_read(fd, &count));
    printf("%d\n", (int)count);
    outcome("writer", child);
    return broken;
}
