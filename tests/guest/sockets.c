// Stream sockets of the machine itself: connections, names, what each end sees of the other, and waiting (unix(7)).
#include "guest.h"
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>

static socklen_t named(struct sockaddr_un *to, const char *path)
{
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    strcpy(to->sun_path, path);
    return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static int bound(const char *path, int type)
{
    struct sockaddr_un name;
    int fd = must("socket", socket(AF_UNIX, type, 0));
    socklen_t length = named(&name, path);
    must("bind", bind(fd, (struct sockaddr *)&name, length));
    return fd;
}

static int attach(int fd, const char *path)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, path);
    return connect(fd, (struct sockaddr *)&name, length);
}

static void show_name(const char *what, int (*get)(int, struct sockaddr *, socklen_t *), int fd)
{
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    memset(&name, 'x', sizeof name);
    if (get(fd, (struct sockaddr *)&name, &length) < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: family %d, length %d, %s\n", what, name.sun_family, (int)length, length > 2 ? name.sun_path[0] ? name.sun_path : "(abstract)" : "(none)");
}

static void show_events(const char *what, int fd)
{
    struct pollfd ask = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP, 0 };
    poll(&ask, 1, 0);
    printf("%s:%s%s%s%s%s\n", what, ask.revents & POLLIN ? " in" : "", ask.revents & POLLOUT ? " out" : "", ask.revents & POLLERR ? " err" : "",
        ask.revents & POLLHUP ? " hup" : "", ask.revents & POLLRDHUP ? " rdhup" : "");
}

static void making(void)
{
    int pair[2];
    value("an unknown family", socket(99, SOCK_STREAM, 0));
    value("family -1", socket(-1, SOCK_STREAM, 0));
    value("an unknown type", socket(AF_UNIX, 9, 0));
    value("too large a type", socket(AF_UNIX, 12, 0));
    value("an unknown flag", socket(AF_UNIX, SOCK_STREAM | 0x100000, 0));
    value("another protocol", socket(AF_UNIX, SOCK_STREAM, 6));
    int fd = done("its own protocol", socket(AF_UNIX, SOCK_STREAM, PF_UNIX));
    close(fd);
    fd = must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    printf("flags: %s%s\n", fcntl(fd, F_GETFD) & FD_CLOEXEC ? "close-on-exec " : "", fcntl(fd, F_GETFL) & O_NONBLOCK ? "non-blocking" : "");
    struct stat about;
    must("fstat", fstat(fd, &about));
    printf("mode %o, size %ld\n", about.st_mode, (long)about.st_size);
    char link[64], path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, link, sizeof link - 1);
    link[n < 0 ? 0 : n] = 0;
    holds("its link says socket:[...]", !strncmp(link, "socket:[", 8));
    value("it can't be opened", open(path, O_RDWR));
    value("lseek", lseek(fd, 0, SEEK_SET));
    value("pread", pread(fd, link, 1, 0));
    close(fd);
    value("socketpair to nowhere", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 8L));
    value("not a socket", listen(0, 1));
    value("not open", listen(99, 1));
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    show_name("a pair's name", getsockname, pair[0]);
    show_name("its peer's", getpeername, pair[0]);
    close(pair[0]);
    close(pair[1]);
}

static void names(void)
{
    struct sockaddr_un name;
    int fd = bound("stream", SOCK_STREAM);
    show_name("bound", getsockname, fd);
    show_name("no peer", getpeername, fd);
    struct stat about;
    must("stat", stat("stream", &about));
    printf("node %o\n", about.st_mode);
    value("bind again", bind(fd, (struct sockaddr *)&name, named(&name, "other")));
    int second = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    value("a name in use", bind(second, (struct sockaddr *)&name, named(&name, "stream")));
    value("in no folder", bind(second, (struct sockaddr *)&name, named(&name, "none/stream")));
    value("too short", bind(second, (struct sockaddr *)&name, 1));
    name.sun_family = AF_INET;
    value("of another family", bind(second, (struct sockaddr *)&name, sizeof name));
    named(&name, "x");
    value("too long", bind(second, (struct sockaddr *)&name, sizeof name + 1));
    value("much too long", bind(second, (struct sockaddr *)&name, 1000));
    value("negative", bind(second, (struct sockaddr *)&name, -1));
    value("nowhere", bind(second, (struct sockaddr *)8, sizeof name));
    value("listen without a name", listen(second, 1));
    value("accept without listening", accept(fd, NULL, NULL));
    value("connect before anybody listens", attach(second, "stream"));
    value("connect to nothing", attach(second, "nothing"));
    close(must("creat", creat("file", 0600)));
    value("connect to a file", attach(second, "file"));
    value("the node can't be opened", open("stream", O_RDWR));
    value("mknod makes a node", mknod("node", S_IFSOCK | 0600, 0));
    value("that nobody is bound to", attach(second, "node"));
    int packets = bound("packets", SOCK_DGRAM);
    value("of another type", attach(second, "packets"));
    close(packets);
    value("whose socket is gone", attach(second, "packets"));
    close(second);
    close(fd);
}

static void abstract_names(void)
{
    struct sockaddr_un name;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    snprintf(name.sun_path + 1, 60, "guest test %d", getpid());
    socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1);
    int server = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    value("bind to an abstract name", bind(server, (struct sockaddr *)&name, length));
    int client = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    value("it is in use", bind(client, (struct sockaddr *)&name, length));
    value("listen", listen(server, 1));
    value("a byte more is another name", connect(client, (struct sockaddr *)&name, length + 1));
    value("connect", connect(client, (struct sockaddr *)&name, length));
    struct sockaddr_un peer;
    socklen_t size = sizeof peer;
    must("getpeername", getpeername(client, (struct sockaddr *)&peer, &size));
    holds("the peer's name is the same", size == length && !memcmp(&peer, &name, length));
    close(client);
    close(server);
    client = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    value("gone with its socket", connect(client, (struct sockaddr *)&name, length));
    name.sun_family = AF_UNIX;
    value("any name will do", bind(client, (struct sockaddr *)&name, sizeof(sa_family_t)));
    size = sizeof peer;
    must("getsockname", getsockname(client, (struct sockaddr *)&peer, &size));
    printf("length %d, %s\n", (int)size, peer.sun_path[0] ? "a path" : "abstract");
    close(client);
}

static void connections(void)
{
    char bytes[16];
    int server = bound("server", SOCK_STREAM), client = must("socket", socket(AF_UNIX, SOCK_STREAM, 0)), more[4];
    value("listen", listen(server, 1));
    show_events("nobody came", server);
    show_events("not connected", client);
    value("connect", attach(client, "server"));
    show_events("somebody came", server);
    show_events("connected", client);
    value("connect again", attach(client, "server"));
    value("listening sockets don't connect", attach(server, "server"));
    value("written before it is accepted", write(client, "early", 5));
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    int served = done("accept", accept(server, (struct sockaddr *)&from, &length));
    printf("from an address of %d bytes\n", (int)length);
    show_name("the accepted one's name", getsockname, served);
    show_name("its peer's", getpeername, served);
    show_name("the client's peer", getpeername, client);
    value("read", read(served, bytes, sizeof bytes));
    value("read from a listening one", read(server, bytes, 1));
    value("write to a listening one", send(server, bytes, 1, MSG_NOSIGNAL));
    value("listen when connected", listen(client, 1));
    // One more than the backlog may wait.
    for (int i = 0; i < 3; i++) {
        more[i] = must("socket", socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        value("and another", attach(more[i], "server"));
    }
    close(server);
    show_events("its listener is gone", more[0]);
    int error;
    length = sizeof error;
    must("SO_ERROR", getsockopt(more[0], SOL_SOCKET, SO_ERROR, &error, &length));
    printf("error: %s\n", strerror(error));
    show_events("and told", more[0]);
    value("the next one reads it", read(more[1], bytes, 1));
    value("and then the end", read(more[1], bytes, 1));
    value("one that never got in", read(more[2], bytes, 1));
    for (int i = 0; i < 3; i++)
        close(more[i]);
    value("the accepted one goes on", write(served, "late", 4));
    value("read", read(client, bytes, sizeof bytes));
    close(client);
    close(served);
}

static void ends(void)
{
    char bytes[16];
    int pair[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    value("write", write(pair[0], "abc", 3));
    value("shutdown of nothing", shutdown(pair[0], 3));
    value("shutdown for writing", shutdown(pair[0], SHUT_WR));
    show_events("who shut", pair[0]);
    show_events("who is shut off", pair[1]);
    value("what came before", read(pair[1], bytes, sizeof bytes));
    value("then the end", read(pair[1], bytes, sizeof bytes));
    value("writing", send(pair[0], "x", 1, MSG_NOSIGNAL));
    value("the other way works", write(pair[1], "y", 1));
    value("and is read", read(pair[0], bytes, 1));
    value("shutdown for reading", shutdown(pair[0], SHUT_RD));
    show_events("shut both ways", pair[0]);
    show_events("the other", pair[1]);
    value("nobody reads", send(pair[1], "z", 1, MSG_NOSIGNAL));
    close(pair[0]);
    close(pair[1]);

    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    value("write", write(pair[0], "unread", 6));
    close(pair[1]);
    show_events("it was left unread", pair[0]);
    value("read", read(pair[0], bytes, 1));
    value("read again", read(pair[0], bytes, 1));
    show_events("now", pair[0]);
    signal(SIGPIPE, SIG_IGN);
    value("write to nobody", write(pair[0], "x", 1));
    value("of no bytes", write(pair[0], "x", 0));
    show_name("still its peer's name", getpeername, pair[0]);
    close(pair[0]);
    signal(SIGPIPE, SIG_DFL);
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    close(pair[1]);
    show_events("closed, nothing unread", pair[0]);
    value("read", read(pair[0], bytes, 1));
    close(pair[0]);
    value("an unconnected one: shutdown", shutdown(pair[0] = socket(AF_UNIX, SOCK_STREAM, 0), SHUT_RDWR));
    value("read", read(pair[0], bytes, 1));
    value("write", write(pair[0], bytes, 1));
    close(pair[0]);
}

static void streams(void)
{
    static char big[1 << 20];
    char bytes[64];
    int pair[2], count;
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    value("nothing there", read(pair[1], bytes, 1));
    value("one", write(pair[0], "one", 3));
    value("two", write(pair[0], "two", 3));
    must("FIONREAD", ioctl(pair[1], FIONREAD, &count));
    printf("%d bytes wait\n", count);
    value("peek", recv(pair[1], bytes, 5, MSG_PEEK));
    printf("%.5s\n", bytes);
    value("read both at once", read(pair[1], bytes, sizeof bytes));
    printf("%.6s\n", bytes);
    value("to an address", sendto(pair[0], "x", 1, 0, (struct sockaddr *)bytes, 2));
    value("out of band", send(pair[0], "", 0, 0));
    value("from nowhere", write(pair[0], (void *)8, 4));
    value("no bytes", recv(pair[1], bytes, 0, 0));
    // As much fits as in Linux.
    value("a megabyte", write(pair[0], big, sizeof big));
    show_events("full", pair[0]);
    value("and no more", write(pair[0], big, 1));
    long all = 0, n;
    while ((n = read(pair[1], big, 10000)) > 0)
        all += n;
    printf("%ld bytes came\n", all);
    show_events("empty", pair[0]);
    int ones = 0;
    while (write(pair[0], "1", 1) == 1)
        ones++;
    printf("%d single bytes\n", ones);
    close(pair[0]);
    value("all are read", read(pair[1], big, sizeof big));
    value("to the end", read(pair[1], big, sizeof big));
    close(pair[1]);
}

static void interrupted(int signal)
{
    (void)signal;
}

static void waiting(void)
{
    char bytes[64];
    int pair[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    struct timeval time = { 0, 20000 };
    value("SO_RCVTIMEO", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    value("read in time", read(pair[0], bytes, 1));
    value("recv in time", recv(pair[0], bytes, 1, 0));
    time.tv_usec = 1000000;
    value("no such time", setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    struct sigaction action = { .sa_handler = interrupted };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    value("a signal", recv(pair[1], bytes, 1, 0));
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    time = (struct timeval){ 100, 0 };
    must("SO_RCVTIMEO", setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    value("who waits for a time is not restarted", recv(pair[1], bytes, 1, 0));
    setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    // All that was asked for, from a child that sends it bit by bit.
    char number[8];
    snprintf(number, sizeof number, "%d", pair[0]);
    pid_t child = START("bits", number);
    value("MSG_WAITALL", recv(pair[1], bytes, 30, MSG_WAITALL));
    printf("%.30s\n", bytes);
    close(pair[0]);
    value("less at the end", recv(pair[1], bytes, 30, MSG_WAITALL));
    outcome("the child", child);
    close(pair[1]);
}

static void serving(void)
{
    // A server in another program, with more bytes than fit at once, both ways.
    static char block[30000];
    int server = bound("echo", SOCK_STREAM);
    must("listen", listen(server, 5));
    char number[8];
    snprintf(number, sizeof number, "%d", server);
    pid_t child = START("serve", number);
    close(server);
    for (int round = 0; round < 3; round++) {
        int fd = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
        must("connect", attach(fd, "echo"));
        pid_t feeder = START("feed", (snprintf(number, sizeof number, "%d", fd), number));
        unsigned long sum = 0, count = 0;
        for (long n; (n = read(fd, block, sizeof block)) > 0; count += n)
            for (long i = 0; i < n; i++)
                sum = sum * 31 + (unsigned char)block[i];
        printf("%lu bytes came back, sum %lu\n", count, sum);
        close(fd);
        outcome("feeder", feeder);
    }
    int fd = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    must("connect", attach(fd, "echo"));
    must("quit", write(fd, "quit", 4));
    value("served to the end", read(fd, block, 1));
    outcome("server", child);
    close(fd);
}

static int serve(int server)
{
    static char block[70000];
    while (1) {
        int fd = must("accept", accept4(server, NULL, NULL, SOCK_CLOEXEC));
        long n;
        while ((n = read(fd, block, sizeof block)) > 0) {
            if (n == 4 && !memcmp(block, "quit", 4))
                return 0;
            if (write(fd, block, n) != n)
                return 1;
        }
        close(fd);
    }
}

static int feed(int fd)
{
    static char block[100000];
    for (int i = 0; i < 10; i++) {
        memset(block, 'a' + i, sizeof block);
        if (write(fd, block, sizeof block) != sizeof block)
            return 1;
    }
    return shutdown(fd, SHUT_WR) ? 2 : 0;
}

static int bits(int fd)
{
    for (int i = 0; i < 4; i++) {
        nap(10);
        must("write", write(fd, "0123456789", 10));
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "serve"))
        return serve(atoi(argv[2]));
    if (argc > 2 && !strcmp(argv[1], "feed"))
        return feed(atoi(argv[2]));
    if (argc > 2 && !strcmp(argv[1], "bits"))
        return bits(atoi(argv[2]));
    scratch();
    making();
    names();
    abstract_names();
    connections();
    ends();
    streams();
    waiting();
    serving();
    leave();
    return broken;
}
