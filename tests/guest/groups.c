// Process groups and sessions: who may join which, and whom a signal to a group reaches.
#include "guest.h"

static void tell(void) { write(10, "x", 1); }

static int role(char **argv)
{
    if (!strcmp(argv[1], "member")) {
        tell();
        for (;;)
            pause();
    }
    if (!strcmp(argv[1], "leader")) {
        value("leader: setsid", setsid() == getpid() ? 1 : -1);
        holds("leader: its own group and session", getpgrp() == getpid() && getsid(0) == getpid());
        value("leader: setsid again", setsid());
        value("leader: setpgid of a session leader", setpgid(0, 0));
        value("leader: into the group of its parent", setpgid(0, getpgid(getppid())));
        tell();
        for (;;)
            pause();
    }
    return 1;
}

static void await(int fd)
{
    char byte;
    must("read", read(fd, &byte, 1));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    int ends[2];
    must("pipe", pipe2(ends, O_CLOEXEC));
    must("dup2", dup2(ends[1], 10));
    pid_t ours = getpgrp();
    holds("getpgid(0) is getpgrp", getpgid(0) == ours);
    holds("getpgid of the parent", getpgid(getppid()) >= 0);
    value("getpgid of nobody", getpgid(99999999));
    value("getsid of nobody", getsid(99999999));
    value("getpgid of a negative pid", getpgid(-1));
    value("setpgid of a negative group", setpgid(0, -1));
    value("setpgid of one that is no child", setpgid(getppid() ? getppid() : 99999999, 0));
    value("setpgid of nobody", setpgid(99999999, 0));

    // Between vfork and execve the parent can't act, so the child moves itself.
    pid_t first = vfork();
    if (first == 0) {
        setpgid(0, 0);
        execl("/proc/self/exe", "guest", "member", (char *)0);
        _exit(126);
    }
    await(ends[0]);
    holds("a child that moved itself", getpgid(first) == first);
    pid_t second = vfork();
    if (second == 0) {
        if (setpgid(0, first))
            _exit(120);
        execl("/proc/self/exe", "guest", "member", (char *)0);
        _exit(126);
    }
    await(ends[0]);
    holds("a second one that joined it", getpgid(second) == first);
    value("moving a child after its execve", setpgid(second, 0));
    pid_t third = vfork();
    if (third == 0)
        _exit(setpgid(0, 99999999) == -1 ? errno == EPERM ? 50 : 51 : 52);
    outcome("joining a group that is not there", third);

    value("signal 0 to a group", kill(-first, 0));
    value("a signal to a group", kill(-first, SIGTERM));
    outcome("first", first);
    outcome("second", second);
    value("the group is empty", kill(-first, 0));

    // A group lives on after its leader.
    first = vfork();
    if (first == 0) {
        setpgid(0, 0);
        execl("/proc/self/exe", "guest", "member", (char *)0);
        _exit(126);
    }
    await(ends[0]);
    second = vfork();
    if (second == 0) {
        setpgid(0, first);
        execl("/proc/self/exe", "guest", "member", (char *)0);
        _exit(126);
    }
    await(ends[0]);
    kill(first, SIGKILL);
    outcome("leader", first);
    value("a group without its leader", kill(-first, 0));
    holds("its member still has it", getpgid(second) == first);
    kill(-first, SIGHUP);
    outcome("member", second);

    pid_t leader = START("leader");
    await(ends[0]);
    holds("the session of another", getsid(leader) == leader && getsid(0) != leader);
    value("moving a child of another session", setpgid(leader, ours));
    kill(leader, SIGKILL);
    outcome("session leader", leader);
    value("kill of no signal", kill(getpid(), 999));
    value("kill of nobody", kill(99999999, SIGTERM));
    return broken;
}
