// bench ROW ITERATIONS: does one thing over and over and prints how many nanoseconds that took.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

// getpgrp is answered by the kernel proper, in both: the way there and back.
static void run_slow_path(long n) { while (n--) syscall(SYS_getpgrp); }

// A system call in code that the program makes itself while it runs.
static void run_trap(long n)
{
    static const unsigned char code[] = { 0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3 }; // mov eax, SYS_getppid; syscall; ret
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        fail("mmap");
    memcpy(page, code, sizeof code);
    while (n--)
        if (((long (*)(void))page)() < 0)
            fail("made code");
}

static volatile sig_atomic_t handled;

static void handler(int signal) { handled++; }

static void run_signal(long n)
{
    signal(SIGUSR1, handler);
    long wanted = n;
    pid_t self_pid = getpid();
    while (n--)
        kill(self_pid, SIGUSR1);
    if (handled != wanted)
        fail("signal");
}

static atomic_int ball;

static void pass_ball(int mine, long n)
{
    while (n--) {
        while (atomic_load(&ball) != mine)
            syscall(SYS_futex, &ball, FUTEX_WAIT_PRIVATE, !mine, 0, 0, 0);
        atomic_store(&ball, !mine);
        syscall(SYS_futex, &ball, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    }
}

static void *second_player(void *count)
{
    pass_ball(1, *(long *)count);
    return 0;
}

static void run_futex_pingpong(long n)
{
    pthread_t other;
    if (pthread_create(&other, 0, second_player, &n))
        fail("pthread_create");
    pass_ball(0, n);
    pthread_join(other, 0);
}

static void *ends_at_once(void *argument) { return argument; }

static void run_thread(long n)
{
    while (n--) {
        pthread_t thread;
        if (pthread_create(&thread, 0, ends_at_once, 0) || pthread_join(thread, 0))
            fail("thread");
    }
}

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

static void run_fork(long n, char *const argv[])
{
    while (n--) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            if (argv)
                execv(argv[0], argv);
            _exit(argv ? 127 : 0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            fail("fork");
    }
}

// Parent and child both have megabytes that they have written to, and take turns.
static void run_large_family(long n)
{
    int there[2], back[2], status;
    char byte = 'x', *large = mmap(0, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (large == MAP_FAILED || pipe(there) || pipe(back))
        fail("large");
    memset(large, 1, 32 << 20);
    pid_t child = fork();
    if (child == 0) {
        memset(large, 2, 32 << 20);
        for (long i = 0; read(there[0], &byte, 1) == 1 && large[(i * 4099) & ((32 << 20) - 1)] == 2; i++)
            if (i + 1 == n + 10)
                _exit(0);
            else if (write(back[1], &byte, 1) != 1)
                break;
        _exit(1);
    }
    memset(large, 3, 32 << 20);
    long long start = 0;
    for (long i = 0; i < n + 9; i++) {
        if (i == 9)
            start = now();
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1 || large[(i * 4099) & ((32 << 20) - 1)] != 3)
            fail("turn");
    }
    printf("%lld\n", (now() - start) / 2);
    if (write(there[1], &byte, 1) != 1 || waitpid(child, &status, 0) != child || status != 0)
        fail("large child");
    exit(0);
}

static void run_mmap(long n)
{
    while (n--) {
        char *p = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            fail("mmap");
        for (int i = 0; i < 65536; i += 4096)
            p[i] = 1;
        munmap(p, 65536);
    }
}

static void run_brk(long n)
{
    char *start = (char *)syscall(SYS_brk, 0);
    while (n--) {
        if ((char *)syscall(SYS_brk, start + 65536) != start + 65536)
            fail("brk");
        for (int i = 0; i < 65536; i += 4096)
            start[i] = 1;
        syscall(SYS_brk, start);
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
    char dynamic[4096 + 16];
    snprintf(dynamic, sizeof dynamic, "%s-dynamic", tiny);
    char *const dynamic_argv[] = { dynamic, 0 };
    char shell[4096];
    const char *root = getenv("BENCH_ROOT");
    snprintf(shell, sizeof shell, "%s/bin/busybox-static", root ? root : "");
    char *const sh_argv[] = { shell, "sh", "-c", "true", 0 };

    long long start = now();
    if (!strcmp(row, "getpid")) run_getpid(n);
    else if (!strcmp(row, "getppid")) run_getppid(n);
    else if (!strncmp(row, "slow-path", 9)) run_slow_path(n);
    else if (!strcmp(row, "trap")) run_trap(n);
    else if (!strcmp(row, "signal")) run_signal(n);
    else if (!strcmp(row, "futex-pingpong")) run_futex_pingpong(n);
    else if (!strcmp(row, "thread")) run_thread(n);
    else if (!strcmp(row, "read")) run_read(n);
    else if (!strcmp(row, "write")) run_write(n);
    else if (!strcmp(row, "stat")) run_stat(n);
    else if (!strcmp(row, "open-close")) run_open_close(n);
    else if (!strncmp(row, "select-", 7)) run_select(n, atoi(row + 7));
    else if (!strcmp(row, "pipe-pingpong")) run_pingpong(n);
    else if (!strcmp(row, "vfork-execve")) run_program(n, tiny_argv);
    else if (!strcmp(row, "vfork-execve-dynamic")) run_program(n, dynamic_argv);
    else if (!strcmp(row, "vfork-sh")) run_program(n, sh_argv);
    else if (!strcmp(row, "fork-exit")) run_fork(n, 0);
    else if (!strcmp(row, "fork-execve")) run_fork(n, tiny_argv);
    else if (!strcmp(row, "fork-sh")) run_fork(n, sh_argv);
    else if (!strcmp(row, "fork-switch-32m")) run_large_family(n);
    else if (!strcmp(row, "mmap-munmap-64k")) run_mmap(n);
    else if (!strcmp(row, "brk-grow")) run_brk(n);
    else return 2;
    printf("%lld\n", now() - start);
    return 0;
}
