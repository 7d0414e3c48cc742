// Threads that map, touch, unmap and move a file's pages while others make it shorter and longer: what is seen is a page of the file or SIGBUS, and it ends.
#include "memory.h"
#include <pthread.h>

enum { PAGES = 24, ROUNDS = 400 };
static int file;
static volatile int wrong;
static __thread sigjmp_buf lost;

static void on_bus(int signal) { siglongjmp(lost, 1); }

static void touch(volatile char *map)
{
    for (volatile int i = 0; i < PAGES; i++) {
        if (sigsetjmp(lost, 1))
            continue;
        char byte = map[i * PAGE];
        if (byte != 0 && byte != 'A' + i && byte != 'a' + i)
            wrong = 1;
        map[i * PAGE] = (char)('a' + i);
    }
}

static void *mapper(void *argument)
{
    for (int round = 0; round < ROUNDS; round++) {
        char *map = mmap(NULL, PAGES * PAGE, RW, round % 3 ? MAP_SHARED : MAP_PRIVATE, file, 0);
        must("mmap", place(map));
        touch(map);
        if (round % 4 == 0) {
            map = mremap(map, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE);
            must("mprotect", mprotect(map, PAGE, RW));
        }
        touch(map);
        must("munmap", munmap(map, PAGES * PAGE));
    }
    return NULL;
}

static void *resizer(void *argument)
{
    unsigned long state = (unsigned long)argument + 1;
    for (int round = 0; round < ROUNDS; round++) {
        state = state * 6364136223846793005UL + 1442695040888963407UL;
        int page = (int)(state >> 33) % PAGES;
        must("ftruncate", ftruncate(file, page * PAGE + 50));
        page = (int)(state >> 40) % PAGES;
        char byte = (char)('A' + page);
        must("pwrite", pwrite(file, &byte, 1, page * PAGE));
    }
    return NULL;
}

int main(void)
{
    signal(SIGBUS, on_bus);
    file = must("memfd", (int)syscall(SYS_memfd_create, "file", 0));
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, i % 2 ? resizer : mapper, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    holds("nothing but the file was seen", !wrong);
    must("ftruncate", ftruncate(file, 0));
    struct stat status;
    must("fstat", fstat(file, &status));
    value("blocks", status.st_blocks);
    return broken;
}
