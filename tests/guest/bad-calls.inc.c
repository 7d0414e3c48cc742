// System calls with arguments that no program would give them, for programs that go on with them in their own ways.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 16 };

static __thread uint64_t state;
static char *good, *edge, *gone, *read_only;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1d;
}

static uint64_t argument(void)
{
    static const char *const paths[] = { "", ".", "file", "folder", "nothing", "file/nothing", "/proc/self/maps", "/proc/self/fd/3", "/dev/zero" };
    static const uint64_t numbers[] = { 0, 0, 1, 2, 3, 4, 7, 8, 16, 64, 255, 4096, -1, -100, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000 };
    static const uint64_t nowhere[] = { 0x1000, 0x123456789000, 0x7fffffffe000, 0x7fffffffffff, 0x8000000000000000, 0xffff800000000000, 0xffffffffff600000, -8 };
    uint64_t any = next();
    switch (any >> 8 & 15)
    {
    case 0: case 1: case 2: return numbers[(any >> 16) % (sizeof numbers / sizeof *numbers)];
    case 3: case 4: return nowhere[(any >> 16) % (sizeof nowhere / sizeof *nowhere)];
    case 5: return any >> 16 & 1023;
    case 6: return next();
    case 7: return 1ULL << (any >> 16 & 63);
    case 8: return (uint64_t)edge - (any >> 16 & 63);
    case 9: return (uint64_t)gone + (any >> 16 & 63);
    case 10: return (uint64_t)read_only;
    case 11: return (uint64_t)&argument;
    case 12: return (uint64_t)&any;
    case 13: return (uint64_t)paths[(any >> 16) % (sizeof paths / sizeof *paths)];
    case 14: return any >> 16 & 15; // a descriptor, as often as not
    default: return (uint64_t)good + (any >> 16 & (PAGE - 1));
    }
}

// A folder of its own, and descriptors of all kinds, from 3 on.
static void open_some(const char *name)
{
    int ends[2];
    mkdir(name, 0700);
    if (chdir(name) != 0)
        _exit(4);
    mkdir("folder", 0755);
    write(open("file", O_RDWR | O_CREAT, 0600), "some text\n", 10);
    open("folder", O_RDONLY);
    if (pipe2(ends, O_NONBLOCK) == 0)
        write(ends[1], "more text\n", 10);
    open("/dev/zero", O_RDWR);
    open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    open("/proc/self/status", O_RDONLY);
    memfd_create("memory", MFD_ALLOW_SEALING);
    epoll_create1(0);
    eventfd(0, EFD_NONBLOCK);
    open("/proc", O_PATH);
}

static void call(long number)
{
    register uint64_t r10 __asm__("r10") = argument();
    register uint64_t r8 __asm__("r8") = argument();
    register uint64_t r9 __asm__("r9") = argument();
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(argument()), "S"(argument()), "d"(argument()), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
}

static int make_pages(void)
{
    good = mmap(0, (PAGES + 3) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (good == MAP_FAILED)
        return 0;
    edge = good + PAGES * PAGE;
    mprotect(edge, PAGE, PROT_NONE);
    read_only = edge + PAGE;
    mprotect(read_only, PAGE, PROT_READ);
    gone = read_only + PAGE;
    munmap(gone, PAGE);
    return 1;
}

static void fill_page(void)
{
    for (int i = 0; i < PAGE; i += 8)
    {
        uint64_t word = i & 64 ? argument() : next() & 0xff;
        memcpy(good + i, &word, sizeof word);
    }
}
