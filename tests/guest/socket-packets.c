// Packets between processes: who may send to whom, boundaries, what is lost, and the sequenced kind with its connections (unix(7)).
#include "guest.h"
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

static struct sockaddr_un name;

static socklen_t named(const char *path)
{
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    strcpy(name.sun_path, path);
    return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
}

static int bound(const char *path)
{
    int fd = must("socket", socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    socklen_t length = named(path);
    must("bind", bind(fd, (struct sockaddr *)&name, length));
    return fd;
}

static long attach(int fd, const char *path)
{
    socklen_t length = named(path);
    return connect(fd, (struct sockaddr *)&name, length);
}

static long send_to(int fd, const char *path, const char *text)
{
    socklen_t length = named(path);
    return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&name, length);
}

static void receive(const char *what, int fd, size_t room, int flags)
{
    char bytes[64];
    struct sockaddr_un from;
    memset(&from, 0, sizeof from);
    struct iovec piece = { bytes, room };
    struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &piece, .msg_iovlen = 1 };
    long n = recvmsg(fd, &message, flags);
    if (n < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld '%.*s' from %s (%d)%s\n", what, n, (int)(n < (long)room ? n : (long)room), bytes, message.msg_namelen ? from.sun_path : "nobody", (int)message.msg_namelen, message.msg_flags & MSG_TRUNC ? " truncated" : "");
}

static void show_events(const char *what, int fd)
{
    struct pollfd ask = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };
    poll(&ask, 1, 0);
    printf("%s:%s%s%s%s%s\n", what, ask.revents & POLLIN ? " in" : "", ask.revents & POLLOUT ? " out" : "", ask.revents & POLLERR ? " err" : "",
        ask.revents & POLLHUP ? " hup" : "", ask.revents & POLLRDHUP ? " rdhup" : "");
}

static void datagrams(void)
{
    int server = bound("server"), other = bound("other"), client = must("socket", socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)), count;
    show_events("fresh", client);
    receive("nothing", server, 8, 0);
    value("without an address", send(client, "x", 1, 0));
    value("to nobody", send_to(client, "nobody", "x"));
    value("first", send_to(client, "server", "first"));
    value("none", send_to(client, "server", ""));
    value("from one with a name", send_to(other, "server", "second one"));
    show_events("something came", server);
    must("FIONREAD", ioctl(server, FIONREAD, &count));
    printf("%d bytes wait\n", count);
    receive("peek", server, 3, MSG_PEEK);
    receive("first", server, 8, 0);
    receive("an empty one", server, 8, 0);
    receive("only a part", server, 6, 0);
    receive("the rest is lost", server, 8, 0);
    value("send", send_to(other, "server", "how long is it"));
    receive("MSG_TRUNC tells", server, 4, MSG_TRUNC);
    value("listen", listen(server, 1));
    value("accept", accept(server, NULL, NULL));
    value("connect", attach(client, "server"));
    value("send", send(client, "hello", 5, 0));
    value("or elsewhere", send_to(client, "other", "hi"));
    receive("hello", server, 8, 0);
    receive("hi", other, 8, 0);
    value("the server takes one", attach(server, "other"));
    value("and no other", send(client, "x", 1, 0));
    value("nor lets connect", attach(client, "server"));
    named("other");
    name.sun_family = AF_UNSPEC;
    value("dissolve", connect(server, (struct sockaddr *)&name, sizeof name));
    value("send", send(client, "again", 5, 0));
    receive("again", server, 8, 0);
    close(server);
    show_events("the server is gone", client);
    value("send", send(client, "x", 1, 0));
    value("the peer is forgotten", send(client, "x", 1, 0));
    value("by its name", send_to(client, "server", "x"));
    close(client);
    close(other);
}

static void limits(void)
{
    static char big[300000];
    int pair[2], size;
    socklen_t length = sizeof size;
    must("socketpair", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair));
    must("SO_SNDBUF", getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, &length));
    value("too large", send(pair[0], big, size, 0));
    value("just not", send(pair[0], big, size - 32, 0));
    value("no room for more", send(pair[0], big, 1, 0));
    show_events("full", pair[0]);
    value("received", recv(pair[1], big, sizeof big, 0));
    show_events("empty", pair[0]);
    for (size_t each = 1; each < 100000; each *= 7) {
        int count = 0;
        while (send(pair[0], big, each, 0) > 0)
            count++;
        printf("%d of %d bytes fit: %s\n", count, (int)each, strerror(errno));
        while (recv(pair[1], big, sizeof big, 0) > 0)
            ;
    }
    size = 1;
    must("SO_SNDBUF", setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
    must("SO_SNDBUF", getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, &length));
    printf("at least %d\n", size);
    size = 10000;
    must("SO_SNDBUF", setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size));
    must("SO_SNDBUF", getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, &length));
    printf("%d\n", size);
    value("what does not fit any more", send(pair[0], big, 20000, 0));
    value("shut", shutdown(pair[1], SHUT_RD));
    value("nobody receives", send(pair[0], big, 1, 0));
    value("recv", recv(pair[1], big, 1, 0));
    value("shut for sending", shutdown(pair[0], SHUT_WR));
    value("send", send(pair[0], big, 1, 0));
    show_events("shut", pair[0]);
    close(pair[0]);
    close(pair[1]);
}

static void many(void)
{
    char bytes[4][8];
    struct iovec pieces[4];
    struct mmsghdr messages[4];
    int pair[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < 4; i++) {
        sprintf(bytes[i], "part %d", i);
        pieces[i] = (struct iovec){ bytes[i], 6 - i };
        messages[i].msg_hdr.msg_iov = pieces + i;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    value("sendmmsg", sendmmsg(pair[0], messages, 3, 0));
    printf("%u %u %u\n", messages[0].msg_len, messages[1].msg_len, messages[2].msg_len);
    memset(bytes, 0, sizeof bytes);
    for (int i = 0; i < 4; i++)
        pieces[i].iov_len = 8;
    value("recvmmsg", recvmmsg(pair[1], messages, 4, MSG_WAITFORONE, NULL));
    printf("%s %u, %s %u, %s %u\n", bytes[0], messages[0].msg_len, bytes[1], messages[1].msg_len, bytes[2], messages[2].msg_len);
    struct iovec halves[2] = { { "two ", 4 }, { "pieces", 6 } };
    value("writev", writev(pair[0], halves, 2));
    receive("one packet", pair[1], 20, 0);
    value("write of nothing", write(pair[0], "", 0));
    receive("is a packet", pair[1], 20, 0);
    value("read of nothing", read(pair[1], bytes, 0));
    struct msghdr wrong = { .msg_iov = pieces, .msg_iovlen = 2000 };
    value("too many pieces", sendmsg(pair[0], &wrong, 0));
    value("no header", syscall(SYS_sendmsg, pair[0], 8L, 0));
    close(pair[0]);
    close(pair[1]);
}

static void backlog(void)
{
    // A receiver that nobody is connected to alone takes some packets, and then its senders wait for it.
    int server = bound("slow"), client = must("socket", socket(AF_UNIX, SOCK_DGRAM, 0)), sent = 0;
    must("connect", attach(client, "slow"));
    while (send(client, "x", 1, MSG_DONTWAIT) == 1)
        sent++;
    holds("it takes some", sent >= 1 && sent < 1000);
    show_events("the receiver is full", client);
    char number[8];
    snprintf(number, sizeof number, "%d", client);
    pid_t child = START("wait", number);
    nap(30);
    int received = 0;
    char byte;
    fcntl(server, F_SETFL, 0);
    while (recv(server, &byte, 1, 0) == 1 && byte == 'x')
        received++;
    holds("all came, and then the one that waited", received == sent && byte == 'w');
    outcome("the child", child);
    show_events("room again", client);
    struct timeval time = { 0, 20000 };
    must("SO_RCVTIMEO", setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    value("in time", recv(server, &byte, 1, 0));
    close(server);
    close(client);
}

static void sequenced(void)
{
    char bytes[16];
    int server = must("socket", socket(AF_UNIX, SOCK_SEQPACKET, 0)), client = must("socket", socket(AF_UNIX, SOCK_SEQPACKET, 0)), count;
    socklen_t length = named("sequence");
    must("bind", bind(server, (struct sockaddr *)&name, length));
    value("not connected: send", send(client, "x", 1, 0));
    value("recv", recv(client, bytes, 1, 0));
    show_events("not connected", client);
    value("listen", listen(server, 2));
    value("connect", attach(client, "sequence"));
    int served = must("accept", accept(server, NULL, NULL));
    value("one", send(client, "one", 3, 0));
    value("and two", send(client, "two two", 7, 0));
    must("FIONREAD", ioctl(served, FIONREAD, &count));
    printf("%d bytes wait\n", count);
    receive("one by one", served, 16, 0);
    receive("two", served, 5, 0);
    value("an address is of no interest", send_to(client, "nowhere", "x"));
    receive("x", served, 5, 0);
    close(client);
    show_events("closed", served);
    receive("the end", served, 16, 0);
    value("send", send(served, "x", 1, 0));
    close(served);
    close(server);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "wait"))
        return send(atoi(argv[2]), "w", 1, 0) != 1;
    scratch();
    datagrams();
    limits();
    many();
    backlog();
    sequenced();
    leave();
    return broken;
}
