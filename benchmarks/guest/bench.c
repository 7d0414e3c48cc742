// bench ROW ITERATIONS: does one thing over and over and prints how many nanoseconds that took.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *self;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void run_getpid(long n) { while (n--) syscall(SYS_getpid); }
static void run_getppid(long n) { while (n--) syscall(SYS_getppid); }

static void run_read(long n)
{
    char byte;
    int fd = open("/dev/zero", O_RDONLY);
    while (n--)
        if (read(fd, &byte, 1) != 1)
            fail("read");
}

static void run_write(long n)
{
    int fd = open("/dev/null", O_WRONLY);
    while (n--)
        if (write(fd, "x", 1) != 1)
            fail("write");
}

static void run_stat(long n)
{
    struct stat st;
    while (n--)
        if (stat("/", &st))
            fail("stat");
}

static void run_open_close(long n)
{
    while (n--) {
        int fd = open(self, O_RDONLY);
        if (fd < 0 || close(fd))
            fail("open");
    }
}

static void run_select(long n, int count)
{
    // As lmbench does it: descriptors of which none is ready but that are all looked at, no waiting.
    int ends[2], last = 0;
    fd_set set, copy;
    FD_ZERO(&set);
    if (pipe(ends))
        fail("pipe");
    for (int i = 0; i < count; i++) {
        int fd = dup(ends[0]);
        if (fd < 0 || fd >= FD_SETSIZE)
            fail("dup");
        FD_SET(fd, &set);
        last = fd;
    }
    while (n--) {
        struct timeval none = { 0, 0 };
        copy = set;
        if (select(last + 1, &copy, 0, 0, &none) != 0)
            fail("select");
    }
}

static void run_pingpong(volatile long n)
{
    int there[2], back[2];
    char byte = 'x';
    if (pipe(there) || pipe(back))
        fail("pipe");
    char count[32];
    snprintf(count, sizeof count, "%ld", n);
    pid_t child = vfork();
    if (child == 0) {
        dup2(there[0], 0);
        dup2(back[1], 1);
        execl(self, self, "echo", count, (char *)0);
        _exit(127);
    }
    while (n--)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            fail("pingpong");
    int status;
    waitpid(child, &status, 0);
}

static void run_echo(long n)
{
    char byte;
    while (n--)
        if (read(0, &byte, 1) != 1 || write(1, &byte, 1) != 1)
            _exit(1);
    _exit(0);
}

static void run_program(long n, char *const argv[])
{
    while (n--) {
        int status;
        pid_t child = vfork();
        if (child == 0) {
            execv(argv[0], argv);
            _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            fail(argv[0]);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    self = argv[0];
    const char *row = argv[1];
    long n = atol(argv[2]);
    if (!strcmp(row, "echo"))
        run_echo(n);
    // The smallest program there is, beside this one.
    char tiny[4096];
    snprintf(tiny, sizeof tiny, "%.*strue", (int)(strrchr(self, '/') + 1 - self), self);
    char *const tiny_argv[] = { tiny, 0 };
    char shell[4096];
    const char *root = getenv("BENCH_ROOT");
    snprintf(shell, sizeof shell, "%s/bin/busybox-static", root ? root : "");
    char *const sh_argv[] = { shell, "sh", "-c", "true", 0 };

    long long start = now();
    if (!strcmp(row, "getpid")) run_getpid(n);
    else if (!strcmp(row, "getppid")) run_getppid(n);
    else if (!strcmp(row, "read")) run_read(n);
    else if (!strcmp(row, "write")) run_write(n);
    else if (!strcmp(row, "stat")) run_stat(n);
    else if (!strcmp(row, "open-close")) run_open_close(n);
    else if (!strncmp(row, "select-", 7)) run_select(n, atoi(row + 7));
    else if (!strcmp(row, "pipe-pingpong")) run_pingpong(n);
    else if (!strcmp(row, "vfork-execve")) run_program(n, tiny_argv);
    else if (!strcmp(row, "vfork-sh")) run_program(n, sh_argv);
    else return 2;
    printf("%lld\n", now() - start);
    return 0;
}
