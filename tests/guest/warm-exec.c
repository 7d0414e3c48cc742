// A program that is executed again and again finds itself as it was linked each time, whatever the one before has left: data, zeros, stack, heap, protections.
#include "guest.h"
#include <sys/mman.h>

static char data[9000] = "data";
static char zeros[30000];
static int more = 7;
static const char constant[5000] = "constant";
static char page[8192] __attribute__((aligned(4096)));

static int is_fresh(void)
{
    int fresh = !strcmp(data, "data") && more == 7 && !strcmp(constant, "constant");
    for (unsigned i = 4; i < sizeof data; i++)
        fresh &= data[i] == 0;
    for (unsigned i = 0; i < sizeof zeros; i++)
        fresh &= zeros[i] == 0;
    for (unsigned i = 0; i < sizeof page; i++)
        fresh &= page[i] == 0;
    char *heap = malloc(50000);
    for (int i = 0; i < 50000; i++)
        fresh &= heap[i] == 0;
    return fresh && getenv("LEFT") == NULL;
}

static void leave_traces(int how)
{
    memset(data, 'd', sizeof data);
    memset(zeros, 'z', sizeof zeros);
    memset(page, 'p', sizeof page);
    more = 8;
    char *heap = malloc(100000);
    memset(heap, 'h', 100000);
    volatile char stack[200 << 10];
    memset((char *)stack, 's', sizeof stack);
    putenv("LEFT=1");
    switch (how) {
    case 1: mprotect(page, 4096, PROT_READ); break;
    case 2: munmap(page, 4096); break;
    case 3: mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0); page[0] = 1; break;
    case 4: mmap(page, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, 0); page[0] = 1; break;
    case 5: mprotect((char *)((unsigned long)constant & ~4095UL), 4096, PROT_READ | PROT_WRITE); ((volatile char *)constant)[0] = 'X'; break;
    case 6: madvise(page, 4096, MADV_DONTNEED); break;
    case 7: mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); break;
    case 8: if (fork() == 0) { memset(data, 'c', sizeof data); _exit(0); } memset(data, 'e', sizeof data); wait(NULL); break;
    case 9: mprotect((char *)((unsigned long)leave_traces & ~4095UL), 4096, PROT_READ | PROT_WRITE | PROT_EXEC); *(volatile char *)leave_traces = *(volatile char *)leave_traces; break;
    case 10: mlock(page, 4096); break;
    case 11: abort();
    case 12: sbrk(0); break;
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!is_fresh())
            return 1;
        leave_traces(atoi(argv[1]));
        return 0;
    }
    int bad = 0;
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < 13; i++) {
            char number[12];
            snprintf(number, sizeof number, "%d", i);
            pid_t child = vfork();
            if (child == 0) {
                execle("/proc/self/exe", "warm-exec", number, (char *)0, (char *[]){ NULL });
                _exit(127);
            }
            int status;
            if (waitpid(child, &status, 0) != child || status != (i == 11 ? SIGABRT : 0)) {
                printf("round %d, after way %d: status %x\n", round, i - 1, status);
                bad = 1;
            }
        }
    holds("fresh each time", !bad);
    return broken;
}
