// process_vm_readv and process_vm_writev: a child's memory read and written, in pieces, up to what is not there, and what is refused.
#include "memory.h"
#include <sys/uio.h>

static char *theirs;
static pid_t child;
static char here[8 * PAGE];

static long readv_of(pid_t pid, struct iovec *local, unsigned long locals, struct iovec *remote, unsigned long remotes, unsigned long flags)
{
    return syscall(SYS_process_vm_readv, pid, local, locals, remote, remotes, flags);
}

static long writev_to(pid_t pid, struct iovec *local, unsigned long locals, struct iovec *remote, unsigned long remotes, unsigned long flags)
{
    return syscall(SYS_process_vm_writev, pid, local, locals, remote, remotes, flags);
}

#define V(...) (struct iovec []) { __VA_ARGS__ }, COUNT(((struct iovec []) { __VA_ARGS__ }))

static int be_child(void)
{
    char *map = room(8);
    put(map, 4, RW);
    for (int i = 0; i < 4 * PAGE; i++)
        map[i] = (char)('a' + i % 26);
    mprotect(map + 3 * PAGE, PAGE, PROT_READ);
    must("write", write(3, &map, sizeof map));
    char byte;
    must("read", read(4, &byte, 1));
    printf("written from outside: %.5s %.5s\n", map, map + PAGE);
    return 0;
}

static void transfers(void)
{
    value("read", readv_of(child, V({ here, 100 }), V({ theirs + 26, 100 }), 0));
    printf("%.30s\n", here);
    value("pieces of other lengths", readv_of(child, V({ here, 5 }, { here + 100, 0 }, { here + 200, 15 }), V({ theirs, 2 }, { theirs + 52, 8 }, { theirs + 26, 10 }), 0));
    printf("%.5s %.15s\n", here, here + 200);
    value("more room than bytes", readv_of(child, V({ here, 1000 }), V({ theirs, 10 }), 0));
    value("more bytes than room", readv_of(child, V({ here, 10 }), V({ theirs, 1000 }), 0));
    memcpy(here, "HELLOTHERE", 10);
    value("write", writev_to(child, V({ here, 10 }), V({ theirs, 5 }, { theirs + PAGE, 5 }), 0));
    memset(here, 0, sizeof here);
    value("read again", readv_of(child, V({ here, 20 }), V({ theirs, 10 }, { theirs + PAGE, 10 }), 0));
    printf("%.20s\n", here);
    value("up to what is not there", readv_of(child, V({ here, 2 * PAGE }), V({ theirs + 3 * PAGE + 96, 2 * PAGE }), 0));
    value("what is not there", readv_of(child, V({ here, PAGE }), V({ theirs + 4 * PAGE, PAGE }), 0));
    value("a piece and what is not there", readv_of(child, V({ here, PAGE }), V({ theirs, 10 }, { theirs + 4 * PAGE, PAGE }), 0));
    value("write up to what can't be written", writev_to(child, V({ here, 2 * PAGE }), V({ theirs + 2 * PAGE, 2 * PAGE }), 0));
    value("write what can't be written", writev_to(child, V({ here, 10 }), V({ theirs + 3 * PAGE, 10 }), 0));
    value("to nowhere", readv_of(child, V({ NULL, 10 }), V({ theirs, 10 }), 0));
    value("of itself", readv_of(getpid(), V({ here, 10 }), V({ here + 100, 10 }), 0));
    value("nothing", readv_of(child, NULL, 0, NULL, 0, 0));
    value("nothing of it", readv_of(child, V({ here, 10 }), NULL, 0, 0));
    value("nothing to put it in", readv_of(child, V({ here, 0 }), V({ theirs, 10 }), 0));
}

static void refused(void)
{
    static struct iovec many[1025];
    for (int i = 0; i < 1025; i++)
        many[i] = (struct iovec) { theirs, 1 };
    value("a flag", readv_of(child, V({ here, 10 }), V({ theirs, 10 }), 1));
    value("as many pieces as may be", readv_of(child, V({ here, PAGE }), many, 1024, 0));
    value("more", readv_of(child, V({ here, PAGE }), many, 1025, 0));
    value("more here", readv_of(child, many, 1025, V({ theirs, 10 }), 0));
    value("no list", readv_of(child, V({ here, 10 }), (struct iovec *)8, 1, 0));
    value("no list here", readv_of(child, (struct iovec *)8, 1, V({ theirs, 10 }), 0));
    value("a length below zero", readv_of(child, V({ here, (size_t)-1 }), V({ theirs, 10 }), 0));
    value("a length of theirs below zero", readv_of(child, V({ here, 10 }), V({ theirs, (size_t)-1 }), 0));
    value("nobody", readv_of(999999999, V({ here, 10 }), V({ theirs, 10 }), 0));
    value("process 0", readv_of(0, V({ here, 10 }), V({ theirs, 10 }), 0));
    value("of nobody, nothing", readv_of(999999999, V({ here, 0 }), V({ theirs, 10 }), 0));
    must("seteuid", setresuid(65534, 65534, 0));
    value("of somebody else's", readv_of(child, V({ here, 10 }), V({ theirs, 10 }), 0));
    must("seteuid", setresuid(0, 0, 0));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_child();
    int there[2], back[2];
    must("pipe", pipe(there));
    must("pipe", pipe(back));
    int a = must("dup", fcntl(there[1], F_DUPFD, 10)), b = must("dup", fcntl(back[0], F_DUPFD, 10));
    close(there[1]);
    close(back[0]);
    int in = must("dup", fcntl(there[0], F_DUPFD, 20)), out = must("dup", fcntl(back[1], F_DUPFD, 20));
    close(there[0]);
    close(back[1]);
    must("dup2", dup2(a, 3));
    must("dup2", dup2(b, 4));
    child = START("child");
    must("read", read(in, &theirs, sizeof theirs));
    transfers();
    refused();
    must("write", write(out, "x", 1));
    outcome("child", child);
    value("afterwards", readv_of(child, V({ here, 10 }), V({ theirs, 10 }), 0));
    return broken;
}
