// A file gets longer, by write(2), ftruncate(2), fallocate(2) and append, while another thread has it mapped: what the size says is there, is there.
#include "memory.h"
#include <pthread.h>
#include <sched.h>

enum { PAGES = 600 };

static int file;
static char *map;
static volatile int ended;
static volatile long bad, seen;

static void *looks(void *argument)
{
    struct stat now;
    while (!ended) {
        must("fstat", fstat(file, &now));
        if (now.st_size == 0)
            continue;
        // What was written is seen, and what was only made longer is zero.
        char last = map[now.st_size - 1];
        if (last != 'w' && last != 0)
            bad++;
        if (map[0] != 'w')
            bad++;
        seen++;
    }
    return NULL;
}

static void *into_kernel(void *argument)
{
    struct stat now;
    int ends[2];
    char byte;
    must("pipe", pipe(ends));
    while (!ended) {
        must("fstat", fstat(file, &now));
        if (now.st_size == 0)
            continue;
        if (write(ends[1], map + now.st_size - 1, 1) != 1 || read(ends[0], &byte, 1) != 1)
            bad++;
        seen++;
    }
    close(ends[0]);
    close(ends[1]);
    return NULL;
}

static void *appends(void *argument)
{
    int again = must("open", open((const char *)argument, O_WRONLY | O_APPEND | O_CLOEXEC));
    static char page[PAGE];
    memset(page, 'w', sizeof page);
    for (int i = 0; i < PAGES / 2; i++)
        must("append", write(again, page, sizeof page));
    close(again);
    return NULL;
}

static void grow(const char *how)
{
    static char page[PAGE];
    char path[64];
    struct stat now;
    pthread_t threads[2], more[2];
    memset(page, 'w', sizeof page);
    must("ftruncate", ftruncate(file, 0));
    must("write", pwrite(file, page, 10, 0));
    ended = bad = seen = 0;
    pthread_create(&threads[0], NULL, looks, NULL);
    pthread_create(&threads[1], NULL, into_kernel, NULL);
    while (seen < 2)
        sched_yield();
    if (!strcmp(how, "append")) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        for (int i = 0; i < 2; i++)
            pthread_create(&more[i], NULL, appends, path);
        for (int i = 0; i < 2; i++)
            pthread_join(more[i], NULL);
    }
    else {
        for (long i = 0; i < PAGES; i++) {
            if (!strcmp(how, "write"))
                must(how, pwrite(file, page, PAGE, i * PAGE));
            else if (!strcmp(how, "ftruncate"))
                must(how, ftruncate(file, (i + 1) * PAGE));
            else
                must(how, posix_fallocate(file, i * PAGE, PAGE) ? -1 : 0);
        }
    }
    long looked = seen;
    while (seen < looked + 2)
        sched_yield();
    ended = 1;
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    must("fstat", fstat(file, &now));
    printf("%s: %ld bytes, %ld wrong\n", how, (long)now.st_size, bad);
}

int main(void)
{
    file = must("memfd_create", (int)syscall(SYS_memfd_create, "growing", 1));
    map = mmap(NULL, (PAGES + 1) * PAGE, RW, MAP_SHARED, file, 0);
    must("mmap", place(map));
    grow("write");
    grow("ftruncate");
    grow("fallocate");
    grow("append");
    return broken;
}
