// What goes along with messages: open files and credentials; and the options of sockets (unix(7), cmsg(3), socket(7)).
#include "guest.h"
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#define ROOM 4096
static _Alignas(struct cmsghdr) char control[ROOM];

static long send_files(int fd, const int *files, int count, const char *text)
{
    struct iovec piece = { (char *)text, strlen(text) };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
    memset(control, 0, sizeof control);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), files, count * sizeof(int));
    return syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL); // musl copies the control messages, and not that many
}

// Receives, says what came, and gives the first file.
static int receive(const char *what, int fd, size_t bytes_room, size_t room, int flags)
{
    char bytes[64];
    struct iovec piece = { bytes, bytes_room };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room ? control : NULL, .msg_controllen = room };
    memset(control, 0xee, sizeof control);
    long n = syscall(SYS_recvmsg, fd, &message, flags);
    int first = -1;
    if (n < 0) {
        printf("%s: %s\n", what, strerror(errno));
        return -1;
    }
    printf("%s: %ld '%.*s', control %ld%s%s", what, n, (int)n, bytes, (long)message.msg_controllen, message.msg_flags & MSG_CTRUNC ? ", truncated" : "", message.msg_flags & MSG_CMSG_CLOEXEC ? ", close-on-exec" : "");
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_type == SCM_RIGHTS) {
            int count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            int files[300];
            memcpy(files, CMSG_DATA(head), count * sizeof(int));
            printf(", %d files", count);
            first = count > 0 ? files[0] : -1;
            for (int i = 1; i < count; i++)
                close(files[i]);
        } else if (head->cmsg_type == SCM_CREDENTIALS && head->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
            struct ucred who;
            memcpy(&who, CMSG_DATA(head), sizeof who);
            printf(", from %s %u %u", who.pid == getpid() ? "us" : who.pid == 0 ? "nobody" : "another", who.uid, who.gid);
        } else {
            printf(", message %d of %ld bytes", head->cmsg_type, (long)head->cmsg_len);
        }
    }
    printf("\n");
    return first;
}

static void same_file(const char *what, int fd)
{
    char text[8] = "";
    if (fd < 0) {
        printf("%s: none\n", what);
        return;
    }
    must("pwrite", pwrite(fd, what, 4, 0));
    int again = must("open", open("file", O_RDONLY));
    must("read", read(again, text, 4));
    printf("%s: %s%s\n", what, text, fcntl(fd, F_GETFD) & FD_CLOEXEC ? ", close-on-exec" : "");
    close(again);
    close(fd);
}

static void files(int type)
{
    int pair[2], file = must("open", open("file", O_RDWR | O_CREAT, 0600)), many[300], ends[2];
    must("socketpair", socketpair(AF_UNIX, type, 0, pair));
    value("one file", send_files(pair[0], &file, 1, "file"));
    same_file("came", receive("received", pair[1], 64, ROOM, 0));
    value("to be closed on exec", send_files(pair[0], &file, 1, "file"));
    same_file("here", receive("received", pair[1], 64, ROOM, MSG_CMSG_CLOEXEC));
    value("looked at", send_files(pair[0], &file, 1, "file"));
    same_file("peek", receive("peeked", pair[1], 2, ROOM, MSG_PEEK));
    same_file("took", receive("received", pair[1], 64, ROOM, 0));
    value("unwanted", send_files(pair[0], &file, 1, "file"));
    receive("received without room", pair[1], 64, 0, 0);
    int two[] = { file, file };
    value("two", send_files(pair[0], two, 2, "file"));
    same_file("half", receive("room for one", pair[1], 64, CMSG_LEN(sizeof(int)), 0));
    value("two", send_files(pair[0], two, 2, "file"));
    receive("room for a head", pair[1], 64, sizeof(struct cmsghdr), 0);
    value("two", send_files(pair[0], two, 2, "file"));
    receive("not even that", pair[1], 64, 8, 0);
    value("two", send_files(pair[0], two, 2, "file"));
    value("read takes no files", read(pair[1], control, sizeof control));
    int bad = 999;
    value("not open", send_files(pair[0], &bad, 1, "x"));
    for (int i = 0; i < 300; i++)
        many[i] = file;
    value("253", send_files(pair[0], many, 253, "x"));
    close(receive("253", pair[1], 64, ROOM, 0));
    value("254", send_files(pair[0], many, 254, "x"));
    // A stream's bytes are joined, but not across files.
    if (type == SOCK_STREAM) {
        value("plain", write(pair[0], "before ", 7));
        value("with a file", send_files(pair[0], &file, 1, "with"));
        value("plain", write(pair[0], " after", 6));
        same_file("join", receive("up to the files", pair[1], 64, ROOM, 0));
        receive("the rest", pair[1], 64, ROOM, 0);
        value("with a file", send_files(pair[0], &file, 1, "slow"));
        same_file("1st ", receive("the first byte brings it", pair[1], 1, ROOM, 0));
        same_file("2nd ", receive("and no other", pair[1], 64, ROOM, 0));
    }
    // What is under way is open.
    must("pipe", pipe(ends));
    value("a pipe's end", send_files(pair[0], &ends[1], 1, "pipe"));
    close(ends[1]);
    struct pollfd ask = { ends[0], POLLIN, 0 };
    poll(&ask, 1, 0);
    printf("under way, and the pipe is %s\n", ask.revents & POLLHUP ? "hung up" : "open");
    close(pair[0]);
    close(pair[1]);
    poll(&ask, 1, 0);
    printf("the sockets are closed, and the pipe is %s\n", ask.revents & POLLHUP ? "hung up" : "open");
    close(ends[0]);
    close(file);
}

static void rings(void)
{
    // Sockets that are under way to nobody but each other, with a pipe's end: it is closed with them.
    for (int length = 1; length <= 3; length++) {
        int pairs[3][2], ends[2];
        must("pipe", pipe(ends));
        for (int i = 0; i < length; i++)
            must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]));
        for (int i = 0; i < length; i++) {
            must("ring", send_files(pairs[i][0], &pairs[(i + 1) % length][1], 1, "x"));
            must("pipe's end", send_files(pairs[i][0], &ends[1], 1, "x"));
        }
        close(ends[1]);
        for (int i = 0; i < length; i++) {
            close(pairs[i][0]);
            close(pairs[i][1]);
        }
        // Linux looks for them some time after a socket was closed.
        struct pollfd ask = { ends[0], POLLIN, 0 };
        for (int i = 0; i < 200 && poll(&ask, 1, 10) == 0; i++)
            close(must("socket", socket(AF_UNIX, SOCK_STREAM, 0)));
        printf("a ring of %d: %s\n", length, ask.revents & POLLHUP ? "closed" : "open");
        close(ends[0]);
    }
    int pair[2], other[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, other));
    must("send", send_files(pair[0], &other[0], 1, "kept"));
    close(other[0]);
    int third[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, third));
    close(third[0]);
    close(third[1]);
    int kept = receive("what can be received stays", pair[1], 64, ROOM, 0);
    value("and works", write(kept, "ok", 2));
    value("at the other end", read(other[1], control, 2));
    close(kept);
    close(other[1]);
    close(pair[0]);
    close(pair[1]);
}

static long send_credentials(int fd, pid_t pid, uid_t uid, gid_t gid)
{
    struct iovec piece = { "me", 2 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(struct ucred)) };
    struct ucred who = { pid, uid, gid };
    memset(control, 0, sizeof control);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_CREDENTIALS;
    head->cmsg_len = CMSG_LEN(sizeof who);
    memcpy(CMSG_DATA(head), &who, sizeof who);
    return sendmsg(fd, &message, 0);
}

static void credentials(int type)
{
    int pair[2], on = 1, off = 0;
    must("socketpair", socketpair(AF_UNIX, type, 0, pair));
    struct ucred who;
    socklen_t length = sizeof who;
    must("SO_PEERCRED", getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &length));
    printf("peer: %s %u %u\n", who.pid == getpid() ? "us" : "another", who.uid, who.gid);
    value("asked by nobody", write(pair[0], "1", 1));
    must("SO_PASSCRED", setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    receive("too late to ask", pair[1], 64, ROOM, 0);
    value("asked for", write(pair[0], "2", 1));
    receive("told", pair[1], 64, ROOM, 0);
    value("told by oneself", send_credentials(pair[0], getpid(), getuid(), getgid()));
    receive("told", pair[1], 64, ROOM, 0);
    if (getuid() == 0) {
        pid_t child = START("pause");
        value("as somebody else", send_credentials(pair[0], child, 12, 34));
        receive("told", pair[1], 64, ROOM, 0);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        value("no such process", send_credentials(pair[0], 0x3ffffff, 0, 0));
    }
    int file = must("open", open("/dev/null", O_RDONLY));
    value("both", send_files(pair[0], &file, 1, "both"));
    close(receive("both", pair[1], 64, ROOM, 0));
    value("both", send_files(pair[0], &file, 1, "both"));
    receive("room for one", pair[1], 64, CMSG_SPACE(sizeof(struct ucred)), 0);
    value("write", write(pair[0], "3", 1));
    receive("less than one", pair[1], 64, CMSG_LEN(4), 0);
    must("SO_PASSCRED", setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &off, sizeof off));
    value("no more", write(pair[0], "4", 1));
    receive("plain", pair[1], 64, ROOM, 0);
    close(file);
    close(pair[0]);
    close(pair[1]);
}

static void wrong(void)
{
    int pair[2];
    must("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    struct iovec piece = { "x", 1 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(4) };
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    memset(control, 0, sizeof control);
    *head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = 77, .cmsg_len = CMSG_LEN(4) };
    value("an unknown message", syscall(SYS_sendmsg, pair[0], &message, 0));
    *head = (struct cmsghdr){ .cmsg_level = 5, .cmsg_type = 1, .cmsg_len = CMSG_LEN(4) };
    value("of another level", syscall(SYS_sendmsg, pair[0], &message, 0));
    *head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = 8 };
    value("too short", syscall(SYS_sendmsg, pair[0], &message, 0));
    *head = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = 100 };
    value("too long", syscall(SYS_sendmsg, pair[0], &message, 0));
    message.msg_controllen = 200000;
    value("much too long", syscall(SYS_sendmsg, pair[0], &message, 0));
    message.msg_control = (void *)8;
    message.msg_controllen = 64;
    value("nowhere", syscall(SYS_sendmsg, pair[0], &message, 0));
    close(pair[0]);
    close(pair[1]);
}

static void get(const char *what, int fd, int option)
{
    int number[4] = { -1, -1, -1, -1 };
    socklen_t length = sizeof number;
    if (getsockopt(fd, SOL_SOCKET, option, number, &length) < 0)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %d, %d bytes\n", what, number[0], (int)length);
}

static void set(const char *what, int fd, int option, int number)
{
    printf("%s = %d: %s\n", what, number, setsockopt(fd, SOL_SOCKET, option, &number, sizeof number) ? strerror(errno) : "done");
    get(what, fd, option);
}

static void options(void)
{
    int fd = must("socket", socket(AF_UNIX, SOCK_STREAM, 0)), number = 1;
    get("SO_TYPE", fd, SO_TYPE);
    get("SO_DOMAIN", fd, SO_DOMAIN);
    get("SO_PROTOCOL", fd, SO_PROTOCOL);
    get("SO_ERROR", fd, SO_ERROR);
    get("SO_ACCEPTCONN", fd, SO_ACCEPTCONN);
    get("SO_RCVLOWAT", fd, SO_RCVLOWAT);
    get("SO_SNDLOWAT", fd, SO_SNDLOWAT);
    get("SO_LINGER", fd, SO_LINGER);
    get("SO_RCVTIMEO", fd, SO_RCVTIMEO);
    get("an unknown one", fd, 999);
    set("SO_REUSEADDR", fd, SO_REUSEADDR, 5);
    set("SO_KEEPALIVE", fd, SO_KEEPALIVE, 1);
    set("SO_BROADCAST", fd, SO_BROADCAST, 1);
    set("SO_OOBINLINE", fd, SO_OOBINLINE, 1);
    set("SO_PRIORITY", fd, SO_PRIORITY, 3);
    set("SO_RCVLOWAT", fd, SO_RCVLOWAT, 0);
    set("SO_RCVBUF", fd, SO_RCVBUF, 1);
    set("SO_RCVBUF", fd, SO_RCVBUF, 20000);
    set("SO_SNDBUF", fd, SO_SNDBUF, 20000);
    set("SO_TYPE", fd, SO_TYPE, 2);
    set("SO_ERROR", fd, SO_ERROR, 0);
    set("SO_PEERCRED", fd, SO_ACCEPTCONN, 0);
    value("too short", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, 2));
    value("nowhere", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, (void *)8, 4));
    value("negative", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &number, -1));
    value("another level", setsockopt(fd, 6, 1, &number, sizeof number));
    socklen_t length = 2;
    char bytes[4] = "xxx";
    value("a part", getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, bytes, &length));
    printf("%d bytes: %d %d %c\n", (int)length, bytes[0], bytes[1], bytes[2]);
    length = -1;
    value("a negative length", getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, bytes, &length));
    value("nowhere", getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, bytes, (void *)8));
    length = 4;
    value("another level", getsockopt(fd, 6, 1, bytes, &length));
    struct timeval time = { 3, 400000 };
    value("SO_SNDTIMEO", setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    time = (struct timeval){ 0 };
    length = sizeof time;
    value("SO_SNDTIMEO", getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &length));
    printf("%ld %ld\n", (long)time.tv_sec, (long)time.tv_usec);
    struct ucred who;
    length = sizeof who;
    value("SO_PEERCRED of none", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length));
    printf("%d %d %d\n", who.pid, (int)who.uid, (int)who.gid);
    close(fd);
    // Each end of a connection sees who the other was then.
    struct sockaddr_un name = { AF_UNIX, "server" };
    int server = must("socket", socket(AF_UNIX, SOCK_STREAM, 0)), client = must("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    must("bind", bind(server, (struct sockaddr *)&name, sizeof name));
    must("listen", listen(server, 1));
    get("SO_ACCEPTCONN", server, SO_ACCEPTCONN);
    must("connect", connect(client, (struct sockaddr *)&name, sizeof name));
    int served = must("accept", accept(server, NULL, NULL));
    for (int i = 0; i < 2; i++) {
        length = sizeof who;
        must("SO_PEERCRED", getsockopt(i ? client : served, SOL_SOCKET, SO_PEERCRED, &who, &length));
        printf("peer: %s %u %u\n", who.pid == getpid() ? "us" : "another", who.uid, who.gid);
    }
    close(served);
    close(client);
    close(server);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return pause();
    scratch();
    files(SOCK_STREAM);
    files(SOCK_DGRAM);
    rings();
    credentials(SOCK_STREAM);
    credentials(SOCK_SEQPACKET);
    wrong();
    options();
    leave();
    return broken;
}
