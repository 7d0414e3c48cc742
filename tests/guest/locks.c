// Locks on files: fcntl's, which belong to a process, flock's, which belong to a description, and OFD locks, which do so too.
#include "guest.h"
#include <sys/file.h>

static int lock(int fd, int command, int type, off_t start, off_t length)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    return fcntl(fd, command, &lock);
}

static void ask(const char *what, int fd, int type, off_t start, off_t length, pid_t owner)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    if (fcntl(fd, F_GETLK, &lock))
        value(what, -1);
    else if (lock.l_type == F_UNLCK)
        printf("%s: free\n", what);
    else
        printf("%s: type %d from %ld length %ld, owner right %d\n", what, lock.l_type, (long)lock.l_start, (long)lock.l_len, lock.l_pid == owner);
}

// In the child: what the parent's locks leave.
static int role(char **argv)
{
    int fd = must("open", open("file", O_RDWR));
    if (!strcmp(argv[1], "look")) {
        ask("child asks 0", fd, F_WRLCK, 0, 1, getppid());
        ask("child asks 10", fd, F_RDLCK, 10, 5, getppid());
        ask("child asks 10 for writing", fd, F_WRLCK, 10, 5, getppid());
        ask("child asks 100", fd, F_WRLCK, 100, 0, getppid());
        value("child takes 0", lock(fd, F_SETLK, F_WRLCK, 0, 1));
        value("child takes 12 for reading", lock(fd, F_SETLK, F_RDLCK, 12, 1));
        value("child takes 50", lock(fd, F_SETLK, F_WRLCK, 50, 10));
        return 0;
    }
    if (!strcmp(argv[1], "wait")) {
        value("child waits", lock(fd, F_SETLKW, F_WRLCK, 0, 10));
        return 0;
    }
    if (!strcmp(argv[1], "deadlock")) {
        value("child takes 20", lock(fd, F_SETLK, F_WRLCK, 20, 1));
        write(10, "x", 1);
        value("child waits", lock(fd, F_SETLKW, F_WRLCK, 0, 10));
        return 0;
    }
    if (!strcmp(argv[1], "flock")) {
        value("child flock, not waiting", flock(fd, LOCK_EX | LOCK_NB));
        value("child flock by the inherited one", flock(11, LOCK_EX | LOCK_NB));
        value("child flock shared, not waiting", flock(fd, LOCK_SH | LOCK_NB));
        return 0;
    }
    if (!strcmp(argv[1], "flockwait")) {
        value("child flock", flock(fd, LOCK_EX));
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    scratch();
    make_file("file", "0123456789", 0600);
    int fd = must("open", open("file", O_RDWR | O_CLOEXEC)), reader = must("open", open("file", O_RDONLY | O_CLOEXEC));
    value("write lock", lock(fd, F_SETLK, F_WRLCK, 0, 10));
    value("read lock", lock(fd, F_SETLK, F_RDLCK, 10, 10));
    value("lock to the end of all", lock(fd, F_SETLK, F_WRLCK, 100, 0));
    value("our own are no hindrance", lock(fd, F_SETLK, F_WRLCK, 5, 1));
    value("write lock of what is for reading", lock(reader, F_SETLK, F_WRLCK, 0, 1));
    value("read lock of what is for reading", lock(reader, F_SETLK, F_RDLCK, 1000, 1));
    value("a wrong type", lock(fd, F_SETLK, 9, 0, 1));
    value("before the start", lock(fd, F_SETLK, F_WRLCK, -5, 1));
    ask("we ask", fd, F_WRLCK, 0, 0, 0);
    outcome("child", START("look"));
    value("unlock the middle", lock(fd, F_SETLK, F_UNLCK, 3, 4));
    value("read lock", lock(fd, F_SETLK, F_RDLCK, 0, 1));
    outcome("child", START("look"));

    pid_t child = START("wait");
    until_state(child, 'S');
    int result = lock(fd, F_SETLK, F_UNLCK, 0, 0);
    outcome("child", child);
    value("unlock", result);

    int ends[2];
    char byte;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[1], 10));
    value("take 0", lock(fd, F_SETLK, F_WRLCK, 0, 10));
    child = START("deadlock");
    read(ends[0], &byte, 1);
    until_state(child, 'S');
    value("a deadlock", lock(fd, F_SETLKW, F_WRLCK, 20, 1));
    // Any close of the file gives back all of the process's locks.
    close(reader);
    outcome("child", child);

    value("flock", flock(fd, LOCK_EX));
    must("dup2", dup2(fd, 11));
    outcome("child", START("flock"));
    value("shared", flock(fd, LOCK_SH));
    outcome("child", START("flock"));
    value("exclusive again", flock(fd, LOCK_EX));
    child = START("flockwait");
    until_state(child, 'S');
    result = flock(11, LOCK_UN);
    outcome("child", child);
    value("unlock", result);
    value("a wrong operation", flock(fd, 77));
    value("of no descriptor", flock(99, LOCK_SH));
    int second = must("open", open("file", O_RDWR));
    flock(fd, LOCK_EX);
    value("another description of ours", flock(second, LOCK_EX | LOCK_NB));
    flock(fd, LOCK_UN);

    value("OFD lock", lock(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
    value("OFD lock of another description", lock(second, F_OFD_SETLK, F_WRLCK, 5, 1));
    value("fcntl lock of our process", lock(second, F_SETLK, F_WRLCK, 5, 1));
    value("OFD unlock", lock(fd, F_OFD_SETLK, F_UNLCK, 0, 0));
    value("now", lock(second, F_OFD_SETLK, F_WRLCK, 5, 1));
    leave();
    return broken;
}
