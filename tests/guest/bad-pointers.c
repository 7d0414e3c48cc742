// A pointer to nothing is EFAULT to every call that uses it, whichever kind of nothing it is.
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char *unmapped, *locked, *read_only;

#define TRY(call, a, b, c, d, e) try(#call, SYS_##call, a, b, c, d, e)
static void try(const char *name, long number, long a, long b, long c, long d, long e)
{
    long result = syscall(number, a, b, c, d, e);
    if (result == -1 && errno == EFAULT)
        printf("%s: bad address\n", name);
    else
        value(name, result);
}

static void everything(long bad)
{
    int ends[2], file = must("open", open("file", O_RDWR | O_CREAT, 0600)), folder = must("open", open(".", O_RDONLY)), zero = open("/dev/zero", O_RDWR), epoll = epoll_create1(0);
    must("write", pwrite(file, "0123456789", 10, 0));
    must("pipe", pipe(ends));
    write(ends[1], "data", 4);
    TRY(read, file, bad, 10, 0, 0);
    TRY(read, ends[0], bad, 4, 0, 0);
    TRY(read, zero, bad, 10, 0, 0);
    TRY(write, file, bad, 10, 0, 0);
    TRY(write, ends[1], bad, 10, 0, 0);
    TRY(pread64, file, bad, 10, 0, 0);
    TRY(pwrite64, file, bad, 10, 0, 0);
    TRY(readv, file, bad, 1, 0, 0);
    TRY(writev, file, bad, 1, 0, 0);
    TRY(open, bad, O_RDONLY, 0, 0, 0);
    TRY(openat, AT_FDCWD, bad, O_RDONLY, 0, 0);
    TRY(stat, bad, 0, 0, 0, 0);
    TRY(stat, (long)"/", bad, 0, 0, 0);
    TRY(fstat, file, bad, 0, 0, 0);
    TRY(lstat, (long)"/", bad, 0, 0, 0);
    TRY(statfs, (long)"/", bad, 0, 0, 0);
    TRY(access, bad, 0, 0, 0, 0);
    TRY(mkdir, bad, 0700, 0, 0, 0);
    TRY(rmdir, bad, 0, 0, 0, 0);
    TRY(unlink, bad, 0, 0, 0, 0);
    TRY(rename, (long)"file", bad, 0, 0, 0);
    TRY(rename, bad, (long)"x", 0, 0, 0);
    TRY(link, bad, (long)"x", 0, 0, 0);
    TRY(symlink, bad, (long)"x", 0, 0, 0);
    TRY(readlink, (long)"/proc/self/exe", bad, 10, 0, 0);
    TRY(chdir, bad, 0, 0, 0, 0);
    TRY(chmod, bad, 0600, 0, 0, 0);
    TRY(chown, bad, 0, 0, 0, 0);
    TRY(truncate, bad, 0, 0, 0, 0);
    TRY(utimensat, AT_FDCWD, bad, 0, 0, 0);
    TRY(getcwd, bad, 100, 0, 0, 0);
    TRY(getdents64, folder, bad, 1000, 0, 0);
    TRY(pipe, bad, 0, 0, 0, 0);
    TRY(pipe2, bad, 0, 0, 0, 0);
    TRY(poll, bad, 1, 0, 0, 0);
    TRY(select, 1, bad, 0, 0, 0);
    TRY(epoll_ctl, epoll, EPOLL_CTL_ADD, ends[0], bad, 0);
    TRY(ioctl, ends[0], 0x541b, bad, 0, 0);
    TRY(fcntl, file, F_SETLK, bad, 0, 0);
    TRY(sendfile, file, zero, bad, 10, 0);
    TRY(execve, bad, 0, 0, 0, 0);
    TRY(execve, (long)"/proc/self/exe", bad, 0, 0, 0);
    TRY(wait4, -1, bad, WNOHANG, 0, 0);
    TRY(rt_sigaction, SIGUSR1, bad, 0, 8, 0);
    TRY(rt_sigprocmask, SIG_BLOCK, bad, 0, 8, 0);
    TRY(rt_sigpending, bad, 8, 0, 0, 0);
    TRY(rt_sigtimedwait, bad, 0, 0, 8, 0);
    TRY(rt_sigsuspend, bad, 8, 0, 0, 0);
    TRY(sigaltstack, bad, 0, 0, 0, 0);
    TRY(nanosleep, bad, 0, 0, 0, 0);
    TRY(clock_gettime, CLOCK_MONOTONIC, bad, 0, 0, 0);
    TRY(gettimeofday, bad, 0, 0, 0, 0);
    TRY(setitimer, 0, bad, 0, 0, 0);
    TRY(getitimer, 0, bad, 0, 0, 0);
    TRY(times, bad, 0, 0, 0, 0);
    TRY(uname, bad, 0, 0, 0, 0);
    TRY(sysinfo, bad, 0, 0, 0, 0);
    TRY(getrusage, 0, bad, 0, 0, 0);
    TRY(getrlimit, 0, bad, 0, 0, 0);
    TRY(prlimit64, 0, 0, bad, 0, 0);
    TRY(getresuid, bad, bad, bad, 0, 0);
    TRY(prctl, 15, bad, 0, 0, 0);
    TRY(getrandom, bad, 10, 0, 0, 0);
    close(file);
    close(folder);
    close(zero);
    close(epoll);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    scratch();
    unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(unmapped, 4096);
    puts("nearly null");
    everything(16);
    puts("no address");
    everything(0x8000000000001000);
    puts("the kernel's");
    everything(-4096);
    puts("far away");
    everything(0x7ffffffff000 - 64);
    // Where reading works and writing does not, and across the end of what is mapped.
    locked = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(locked + 4096, 4096, PROT_NONE);
    puts("not to be touched");
    everything((long)locked + 4096);
    read_only = locked + 8192;
    strcpy(read_only, "file");
    mprotect(read_only, 4096, PROT_READ);
    int zero = open("/dev/zero", O_RDONLY), file = must("open", open("file", O_RDWR));
    value("read into what is read-only", read(zero, read_only, 10));
    value("stat into what is read-only", syscall(SYS_stat, "/", read_only));
    value("uname into what is read-only", syscall(SYS_uname, read_only));
    value("a path in what is read-only", access(read_only, F_OK));
    char *end = locked + 4096;
    memset(locked, 'a', 4096);
    value("a path up to the end of memory", access(end - 4, F_OK));
    end[-1] = 0;
    value("a path that ends there", access(end - 4, F_OK));
    value("stat up to the end", syscall(SYS_stat, "/", end - sizeof(struct stat)));
    value("stat over the end", syscall(SYS_stat, "/", end - sizeof(struct stat) + 8));
    value("read over the end: a part", read(file, end - 4, 10));
    holds("write over the end: a part or none", write(file, end - 4, 10) == 4 || errno == EFAULT);
    value("the program lives", 0);
    leave();
    return broken;
}
