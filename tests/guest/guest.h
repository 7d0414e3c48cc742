// What the guest programs share: results as lines that are the same on every Linux, and children that are this program again (there is no fork here).
// A program prints no pid, no address and no time. It ends with 0 when what it holds to be true is true, and with 77 where the machine does not let it try.
#ifndef GUEST_H
#define GUEST_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHARED static __attribute__((unused))
#define COUNT(array) (sizeof(array) / sizeof *(array))

static int broken;

// Lines leave at once, so that those of children stand where they belong.
static __attribute__((constructor)) void prepare(void)
{
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    struct rlimit none;
    getrlimit(RLIMIT_CORE, &none);
    none.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &none);
}

// For what comes back as a number that is the same everywhere.
SHARED long value(const char *what, long result)
{
    if (result == -1)
        printf("%s: %s\n", what, strerror(errno));
    else
        printf("%s: %ld\n", what, result);
    return result;
}

// For what comes back as a descriptor, a pid or an address.
SHARED long done(const char *what, long result)
{
    printf("%s: %s\n", what, result == -1 ? strerror(errno) : "done");
    return result;
}

// For what must be true on any Linux.
SHARED int holds(const char *what, int truth)
{
    printf("%s: %s\n", what, truth ? "yes" : "NO");
    if (!truth)
        broken = 1;
    return truth;
}

// What the rest of the program stands on; no line unless it fails.
SHARED long must(const char *what, long result)
{
    if (result == -1) {
        printf("%s failed: %s\n", what, strerror(errno));
        exit(1);
    }
    return result;
}

SHARED void skip_unless(int truth, const char *need)
{
    if (!truth) {
        printf("skipped: needs %s\n", need);
        exit(77);
    }
}

// A new and empty current directory, away from where programs are.
SHARED void scratch(void)
{
    static char folder[] = "/tmp/guest.XXXXXX";
    if (!mkdtemp(folder) || chmod(folder, 0755) || chdir(folder)) {
        perror(folder);
        exit(1);
    }
    umask(022);
}

// Removes it again.
SHARED void leave(void)
{
    char folder[256];
    if (getcwd(folder, sizeof folder) && !strncmp(folder, "/tmp/guest.", 11) && chdir("/") == 0) {
        char *const argv[] = { "rm", "-rf", folder, NULL };
        pid_t child = vfork();
        if (child == 0) {
            execv("/bin/rm", argv);
            _exit(127);
        }
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

// This program again, with a role as its first argument.
#define START(...) start((char *[]) { "guest", __VA_ARGS__, NULL })
SHARED pid_t start(char *const argv[])
{
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        execv("/proc/self/exe", argv);
        _exit(126);
    }
    return must("vfork", child);
}

SHARED void describe(const char *what, int status)
{
    if (WIFEXITED(status))
        printf("%s: exited with %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        printf("%s: killed by %s\n", what, strsignal(WTERMSIG(status)));
    else if (WIFSTOPPED(status))
        printf("%s: stopped by %s\n", what, strsignal(WSTOPSIG(status)));
    else if (WIFCONTINUED(status))
        printf("%s: continued\n", what);
    else
        printf("%s: status %x\n", what, (unsigned)status);
}

// Waits for a child, whatever interrupts, and says how it ended.
SHARED void outcome(const char *what, pid_t child)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    if (pid == child)
        describe(what, status);
    else
        value(what, -1);
}

SHARED void nap(long milliseconds)
{
    struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    while (nanosleep(&time, &time) < 0 && errno == EINTR)
        ;
}

SHARED long long now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// The state letter in a file like /proc/PID/stat; 0 if it is not there.
SHARED char state_in(const char *path)
{
    char text[512];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0)
        return 0;
    text[got] = 0;
    char *end = strrchr(text, ')');
    return end ? end[2] : 0;
}

// That of a process.
SHARED char state_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return state_in(path);
}

// That of one of our threads.
SHARED char thread_state(pid_t id)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)id);
    return state_in(path);
}

// Waits until a process has that state: asleep in a call, say. At most ten seconds.
SHARED int until_state(pid_t pid, char state)
{
    for (int i = 0; i < 10000; i++) {
        if (state_of(pid) == state)
            return 1;
        nap(1);
    }
    printf("a child never came to state %c\n", state);
    broken = 1;
    return 0;
}

SHARED int make_file(const char *path, const char *text, mode_t mode)
{
    int fd = must(path, open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    must(path, write(fd, text, strlen(text)));
    must(path, fchmod(fd, mode));
    return close(fd);
}
#endif
