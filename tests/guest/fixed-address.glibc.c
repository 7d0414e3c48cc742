// flags: -static -no-pie -fno-pie
// A program that is linked to a fixed address lies there, with its data, its heap behind it, and all that the kernel reads and writes for it.
#include "guest.h"
#include <sys/mman.h>
#include <sys/uio.h>

static char data[5000] = "data", zeros[100000];
static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
    caught = signal;
}

static int is_low(const void *address)
{
    return (unsigned long)address >= 0x400000 && (unsigned long)address < 0x800000;
}

int main(int argc, char *argv[])
{
    (void)argc;
    scratch();
    holds("code", is_low((void *)main));
    holds("data", is_low(data));
    holds("zeros", is_low(zeros) && zeros[0] == 0 && zeros[sizeof zeros - 1] == 0);
    holds("stack elsewhere", (unsigned long)argv > 0x40000000);
    char *end = sbrk(0);
    holds("heap behind", end >= zeros + sizeof zeros && (unsigned long)end < 0x80000000); // Linux leaves up to a gigabyte between
    holds("grows", sbrk(1 << 20) == end);
    end[0] = end[(1 << 20) - 1] = 'x';
    holds("shrinks", sbrk(-(1 << 20)) == end + (1 << 20) && sbrk(0) == end);

    int fd = must("open", open("file", O_RDWR | O_CREAT, 0600));
    struct iovec parts[] = { { data, 4 }, { zeros, 10 }, { (void *)main, 16 } };
    value("writev", writev(fd, parts, 3));
    value("pread", pread(fd, zeros + 50000, 30, 0));
    holds("came back", memcmp(zeros + 50000, "data", 4) == 0 && memcmp(zeros + 50014, (void *)main, 16) == 0);
    value("read into code", pread(fd, (void *)main, 1, 0));
    value("read into nothing", pread(fd, (void *)0x200000, 1, 0));
    void *place = (void *)0x300000;
    holds("mapped below", mmap(place, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0) == place && memcmp(place, "data", 4) == 0);
    value("a second time", mmap(place, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == place);
    value("munmap", munmap(place, 8192));
    value("read into what was there", pread(fd, place, 1, 0));
    void *any = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    holds("a low hole is nobody's next place", any != MAP_FAILED && (unsigned long)any > 0x40000000);
    value("munmap", munmap(any, 8192));
    close(fd);

    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    holds("signal", caught == SIGUSR1);
    pid_t child = vfork();
    if (child == 0)
        _exit(3);
    outcome("vfork", child);
    value("system", system("exit 4") >> 8);
    value("unlink", unlink("file"));
    leave();
    return broken;
}
