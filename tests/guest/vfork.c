// vfork and what is built on it: one memory, the parent waits, and the ways to start a program that libc has.
#include "guest.h"
#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>

static volatile int shared;

static int in_clone(void *argument)
{
    shared += *(int *)argument;
    return 9;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        printf("program %s, parent alive: %s\n", argv[1], kill(getppid(), 0) == 0 ? "yes" : "no");
        return atoi(argv[1]);
    }
    pid_t parent = getpid();
    volatile pid_t inside = 0, inside_parent = 0;
    pid_t child = vfork();
    if (child == 0) {
        shared = 41;
        inside = getpid();
        inside_parent = getppid();
        _exit(3);
    }
    holds("the child wrote into our memory", shared == 41);
    holds("the child had its own pid", inside == child && inside != parent);
    holds("and us as its parent", inside_parent == parent);
    holds("we are who we were", getpid() == parent);
    outcome("vfork and _exit", child);

    volatile int error = 0;
    child = vfork();
    if (child == 0) {
        execl("/no/such/program", "x", (char *)0);
        error = errno;
        _exit(4);
    }
    errno = error;
    value("execve in the child", -1);
    outcome("and it went on to _exit", child);

    // Descriptors are the child's own.
    int ends[2];
    must("pipe", pipe(ends));
    child = vfork();
    if (child == 0) {
        close(ends[0]);
        close(ends[1]);
        chdir("/dev");
        _exit(0);
    }
    outcome("child closes a pipe", child);
    value("the pipe is still ours", write(ends[1], "x", 1));
    char folder[512];
    holds("and so is the current directory", getcwd(folder, sizeof folder) && strcmp(folder, "/dev"));

    outcome("execve", START("5"));

    // A vfork in the child of a vfork.
    child = vfork();
    if (child == 0) {
        pid_t second = vfork();
        if (second == 0) {
            shared = 99;
            _exit(7);
        }
        int status;
        waitpid(second, &status, 0);
        _exit(WEXITSTATUS(status) + 1);
    }
    outcome("nested vfork", child);
    value("nested write", shared);

    char stack[16384] __attribute__((aligned(16)));
    int addend = 1;
    child = clone(in_clone, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &addend);
    value("clone on a stack of its own wrote", shared);
    outcome("clone", child);

    pid_t spawned;
    char *const role[] = { "guest", "6", NULL };
    extern char **environ;
    int result = posix_spawn(&spawned, "/proc/self/exe", NULL, NULL, role, environ);
    outcome("spawned", spawned);
    value("posix_spawn", result);
    errno = posix_spawn(&spawned, "/no/such/program", NULL, NULL, role, environ);
    value("posix_spawn of nothing", -1);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    value("posix_spawn with a redirection", posix_spawn(&spawned, "/proc/self/exe", &actions, NULL, role, environ));
    outcome("spawned silently", spawned);

    int status = system("exit 12");
    describe("system", status);
    FILE *stream = popen("echo from a shell", "r");
    char line[100] = "";
    if (stream && fgets(line, sizeof line, stream))
        printf("popen read: %s", line);
    describe("pclose", pclose(stream));
    value("no child is left", waitpid(-1, NULL, WNOHANG));
    return broken;
}
