// wait4 and waitid: whom they wait for, what they tell, and what they refuse.
#include "guest.h"
#include <sys/syscall.h>

static int role(char **argv)
{
    if (!strcmp(argv[1], "exit"))
        return atoi(argv[2]);
    if (!strcmp(argv[1], "group")) {
        setpgid(0, 0);
        write(10, "x", 1);
        pause();
    }
    if (!strcmp(argv[1], "pause"))
        for (;;)
            pause();
    return 1;
}

static void show(const char *what, int result, siginfo_t *info, pid_t expected)
{
    if (result < 0) {
        value(what, -1);
        return;
    }
    printf("%s: signal %s code %d status %d uid-is-ours %d pid-is-its %d\n", what, strsignal(info->si_signo), info->si_code, info->si_status,
        info->si_uid == getuid(), info->si_pid == expected);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    siginfo_t info;
    int status = 0x5a5a5a5a;
    struct rusage usage;

    value("nobody to wait for", waitpid(-1, &status, 0));
    value("nobody, WNOHANG", waitpid(-1, &status, WNOHANG));
    value("not our child", waitpid(1, &status, 0));
    value("unknown option", syscall(SYS_wait4, -1, &status, 0x100, NULL));
    value("waitid without a kind of event", waitid(P_ALL, 0, &info, WNOHANG));
    value("waitid of a wrong kind", waitid(99, 0, &info, WEXITED));
    value("waitid of pid 0", waitid(P_PID, 0, &info, WEXITED));
    holds("the status was left alone", status == 0x5a5a5a5a);

    const char *codes[] = { "0", "1", "127", "255", "256", "511" };
    for (size_t i = 0; i < COUNT(codes); i++)
        outcome(codes[i], START("exit", (char *)codes[i]));

    pid_t child = START("pause");
    value("alive, WNOHANG", waitpid(child, &status, WNOHANG));
    memset(&info, 0x5a, sizeof info);
    value("alive, waitid WNOHANG", waitid(P_PID, child, &info, WEXITED | WNOHANG));
    printf("si_pid %d si_signo %d\n", info.si_pid, info.si_signo);
    kill(child, SIGTERM);
    show("waitid, WNOWAIT", waitid(P_PID, child, &info, WEXITED | WNOWAIT), &info, child);
    show("and once more", waitid(P_PID, child, &info, WEXITED), &info, child);
    show("and it is gone", waitid(P_PID, child, &info, WEXITED), &info, child);

    child = START("exit", "300");
    show("exit status of waitid", waitid(P_ALL, 0, &info, WEXITED), &info, child);

    child = START("pause");
    kill(child, SIGKILL);
    holds("wait4 with rusage", wait4(child, &status, 0, &usage) == child);
    describe("its end", status);
    holds("rusage is filled", usage.ru_utime.tv_sec < 10 && usage.ru_utime.tv_usec < 1000000);

    // By process group.
    int ends[2];
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[1], 10));
    char byte;
    pid_t grouped = START("group");
    must("read", read(ends[0], &byte, 1));
    value("none in our own group", waitpid(0, &status, 0));
    kill(-grouped, SIGUSR1);
    holds("wait for a group", waitpid(-grouped, &status, 0) == grouped);
    describe("it", status);
    value("a group of nobody", waitpid(-grouped, &status, 0));
    value("the lowest pid there is", waitpid(-2147483647 - 1, &status, 0));

    // Any of several.
    pid_t three[3];
    int seen = 0, sum = 0;
    for (int i = 0; i < 3; i++) {
        char code[2] = { '1' + i, 0 };
        three[i] = START("exit", code);
    }
    for (int i = 0; i < 3; i++) {
        pid_t pid = wait(&status);
        for (int j = 0; j < 3; j++)
            seen += pid == three[j];
        sum += WEXITSTATUS(status);
    }
    printf("three children: seen %d, sum %d\n", seen, sum);
    value("and no fourth", wait(&status));

    // The kinds of children that clone(2) makes.
    child = START("exit", "2");
    value("only clone children", waitpid(child, &status, __WCLONE));
    holds("all kinds", waitpid(child, &status, __WALL) == child);
    child = START("exit", "2");
    holds("a bad pointer for the status is found late", waitpid(child, (int *)8, 0) == -1 && errno == EFAULT);
    value("and the child is gone all the same", waitpid(child, &status, 0));
    return broken;
}
