// Orphans go to the nearest subreaper; a child can ask to be told of its parent's end.
#include "guest.h"
#include <sys/prctl.h>

// The child leaves its own child alone: that one reports who its parent is, before and after.
static int role(char **argv)
{
    if (!strcmp(argv[1], "child")) {
        START("grandchild", argv[2]);
        char byte;
        read(5, &byte, 1); // until it has looked once
        return 0;
    }
    if (!strcmp(argv[1], "grandchild")) {
        pid_t reaper = atoi(argv[2]), first = getppid();
        int subreaper = 7;
        prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
        printf("grandchild: being a subreaper is not inherited: %d\n", subreaper);
        write(6, "x", 1);
        while (getppid() == first)
            nap(1);
        char byte;
        read(5, &byte, 1); // until the child's end has been told
        printf("grandchild: first the child, then the subreaper: %s\n", getppid() == reaper ? "yes" : "NO");
        return 21;
    }
    if (!strcmp(argv[1], "mourner")) {
        int signal = 0;
        prctl(PR_SET_PDEATHSIG, SIGUSR2);
        prctl(PR_GET_PDEATHSIG, &signal);
        printf("mourner: will get %s\n", strsignal(signal));
        write(6, "x", 1);
        for (;;)
            pause();
    }
    if (!strcmp(argv[1], "dying")) {
        START("mourner");
        char byte;
        read(5, &byte, 1);
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    int ends[2], on = 0, status;
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[0], 5));
    must("dup2", dup2(ends[1], 6));
    value("prctl get before", prctl(PR_GET_CHILD_SUBREAPER, &on));
    value("is", on);
    value("prctl set", prctl(PR_SET_CHILD_SUBREAPER, 1));
    value("prctl get", prctl(PR_GET_CHILD_SUBREAPER, &on));
    value("is", on);
    value("PR_SET_PDEATHSIG of no signal", prctl(PR_SET_PDEATHSIG, 99));
    value("prctl of no option", prctl(99999, 0, 0, 0, 0));

    char self[20];
    snprintf(self, sizeof self, "%d", (int)getpid());
    pid_t child = START("child", self);
    outcome("child", child);
    write(6, "x", 1);
    pid_t orphan = wait(&status);
    holds("an orphan came to us", orphan > 0 && orphan != child);
    describe("orphan", status);

    child = START("dying");
    outcome("dying parent", child);
    orphan = wait(&status);
    describe("the mourner", status);

    // Zombies of a parent that never waited come too.
    value("nobody left", wait(&status));
    return broken;
}
