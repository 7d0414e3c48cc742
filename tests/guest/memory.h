// What the programs about memory share: what a byte can be used for, and what /proc/self/maps says of a piece of memory, with no address in it.
#ifndef GUEST_MEMORY_H
#define GUEST_MEMORY_H
#include "guest.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
enum { RW = PROT_READ | PROT_WRITE, ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static sigjmp_buf reach_back;
static volatile int fault_code;

SHARED void on_fault(int signal, siginfo_t *info, void *context)
{
    fault_code = info->si_code;
    siglongjmp(reach_back, signal);
}

SHARED void catch_faults(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

// Whether a byte can be read, and written, or what comes of trying; its contents stay.
SHARED const char *reach(volatile char *at)
{
    volatile int can_read = 0;
    int signal = sigsetjmp(reach_back, 1);
    if (signal == 0) {
        char byte = *at;
        can_read = 1;
        *at = byte;
        return "rw";
    }
    return can_read ? "r" : signal == SIGBUS ? (fault_code == BUS_ADRERR ? "bus" : "bus?") : fault_code == SEGV_MAPERR ? "none" : "forbidden";
}

SHARED long place(void *map) { return map == MAP_FAILED ? -1 : 0; }

// A whole file of /proc, without malloc: it would map memory into the very holes that are looked at.
static char proc_text[64 << 10];
SHARED void read_proc(const char *path)
{
    int fd = must(path, open(path, O_RDONLY | O_CLOEXEC));
    size_t length = 0;
    for (ssize_t got; length < sizeof proc_text - 1 && (got = must(path, read(fd, proc_text + length, sizeof proc_text - 1 - length))) > 0;)
        length += (size_t)got;
    proc_text[length] = 0;
    close(fd);
}

// Lines of a piece of memory: first page, last page, protection, and of files the page in them. Neighbours that differ in nothing shown are one line: whether the kernel joins them is its own affair.
SHARED void show_maps(const char *what, char *base, long pages)
{
    unsigned long first = (unsigned long)base, end = first + (unsigned long)pages * PAGE;
    long run_start = 0, run_end = -1, run_page = -1;
    char last_protection[8] = "", *line = proc_text;
    read_proc("/proc/self/maps");
    printf("%s:", what);
    for (char *next; *line; line = next) {
        unsigned long start, stop, offset, inode;
        char protection[8];
        next = strchrnul(line, '\n');
        if (*next)
            *next++ = 0;
        if (sscanf(line, "%lx-%lx %7s %lx %*s %lu", &start, &stop, protection, &offset, &inode) != 5 || stop <= first || start >= end)
            continue;
        offset /= PAGE;
        if (start < first) {
            offset += (first - start) / PAGE;
            start = first;
        }
        if (stop > end)
            stop = end;
        long from = (long)(start - first) / PAGE, to = (long)(stop - first) / PAGE, page = inode ? (long)offset : -1;
        if (from == run_end && !strcmp(protection, last_protection) && page == (run_page < 0 ? -1 : run_page + run_end - run_start)) {
            run_end = to;
            continue;
        }
        if (run_end >= 0)
            printf(run_page < 0 ? " %ld-%ld %s," : " %ld-%ld %s at %ld,", run_start, run_end, last_protection, run_page);
        strcpy(last_protection, protection);
        run_start = from;
        run_end = to;
        run_page = page;
    }
    if (run_end < 0)
        printf(" nothing\n");
    else
        printf(run_page < 0 ? " %ld-%ld %s\n" : " %ld-%ld %s at %ld\n", run_start, run_end, last_protection, run_page);
}

// A number of the lines of /proc/self/status, as VmLck in kB; -1 where there is none.
SHARED long status_of(const char *name)
{
    size_t length = strlen(name);
    read_proc("/proc/self/status");
    for (char *line = proc_text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, name, length) && line[length] == ':')
            return atol(line + length + 1);
    }
    return -1;
}

// Address space with nothing usable in it, that all is put into.
SHARED char *room(long pages)
{
    char *map = mmap(NULL, (size_t)pages * PAGE, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    must("room", place(map));
    return map;
}

SHARED char *put(char *at, long pages, int protection)
{
    char *map = mmap(at, (size_t)pages * PAGE, protection, ANONYMOUS | MAP_FIXED, -1, 0);
    must("put", place(map));
    return map;
}

// Each page gets a letter as its first byte, and they are read back; ? where a page can't be read.
SHARED void letter(char *map, long pages, char first)
{
    for (long i = 0; i < pages; i++)
        map[i * PAGE] = (char)(first + i);
}

SHARED void show_letters(const char *what, volatile char *map, long pages)
{
    printf("%s: ", what);
    for (volatile long i = 0; i < pages; i++) {
        int signal = sigsetjmp(reach_back, 1);
        if (signal) {
            putchar(signal == SIGBUS ? '!' : '?');
            continue;
        }
        char byte = map[i * PAGE];
        putchar(byte ? byte : '0');
    }
    putchar('\n');
}
#endif
