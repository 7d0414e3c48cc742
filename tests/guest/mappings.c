// mmap: memory of nobody and of files, private and shared, at a place and anywhere; holes; mremap; brk; madvise.
#include "guest.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

// Whether a byte can be read, and written.
static const char *reach(volatile char *at)
{
    volatile int can_read = 0;
    char byte;
    if (!sigsetjmp(back, 1)) {
        byte = *at;
        can_read = 1;
        *at = byte;
        return "rw";
    }
    return can_read ? "r" : "none";
}

static void three(const char *what, char *at) { printf("%s: %s %s %s\n", what, reach(at), reach(at + PAGE), reach(at + 2 * PAGE)); }

static long place(void *map) { return map == MAP_FAILED ? -1 : 0; }

int main(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;
    char *map = mmap(NULL, 3 * PAGE, both, anonymous, -1, 0);
    must("mmap", place(map));
    holds("whole pages", (long)map % PAGE == 0);
    int sum = 0;
    for (int i = 0; i < 3 * PAGE; i++)
        sum |= map[i];
    value("zero", sum);
    memset(map, 1, 3 * PAGE);
    value("mprotect the middle", mprotect(map + PAGE, PAGE, PROT_READ));
    three("three pages", map);
    value("mprotect none", mprotect(map + PAGE, PAGE, PROT_NONE));
    three("three pages", map);
    value("back", mprotect(map, 3 * PAGE, both));
    value("its content stayed", map[PAGE]);
    value("munmap the middle", munmap(map + PAGE, PAGE));
    three("a hole", map);
    value("mprotect over a hole", mprotect(map, 3 * PAGE, PROT_READ));
    value("munmap of nothing", munmap(map + PAGE, PAGE));
    mprotect(map, PAGE, both);
    mprotect(map + 2 * PAGE, PAGE, both);
    holds("MAP_FIXED into the hole", mmap(map + PAGE, PAGE, both, anonymous | MAP_FIXED, -1, 0) == map + PAGE);
    three("filled", map);
    value("fresh", map[PAGE]);
    holds("MAP_FIXED over what is there", mmap(map, PAGE, both, anonymous | MAP_FIXED, -1, 0) == map);
    value("fresh", map[0]);
    value("the neighbour stayed", map[2 * PAGE]);
    value("MAP_FIXED_NOREPLACE over what is there", place(mmap(map, PAGE, both, anonymous | 0x100000, -1, 0)));
    value("munmap of all", munmap(map, 3 * PAGE));
    three("gone", map);

    value("no length", place(mmap(NULL, 0, both, anonymous, -1, 0)));
    value("neither private nor shared", place(mmap(NULL, PAGE, both, MAP_ANONYMOUS, -1, 0)));
    value("no descriptor", place(mmap(NULL, PAGE, both, MAP_PRIVATE, -1, 0)));
    value("more than there is", place(mmap(NULL, 1UL << 60, both, anonymous, -1, 0)));
    value("MAP_FIXED at no page", place(mmap((void *)0x10001, PAGE, both, anonymous | MAP_FIXED, -1, 0)));
    value("munmap at no page", munmap((void *)0x10001, PAGE));
    value("munmap without a length", munmap((void *)0x10000, 0));
    value("mprotect at no page", syscall(SYS_mprotect, 0x10001, PAGE, both));
    value("mprotect of nothing", mprotect(map, PAGE, both));
    holds("PROT_NONE", !strcmp(reach(mmap(NULL, PAGE, PROT_NONE, anonymous, -1, 0)), "none"));

    // Files.
    scratch();
    make_file("file", "first page", 0644);
    must("truncate", truncate("file", PAGE + 10));
    int fd = must("open", open("file", O_RDWR)), reader = must("open", open("file", O_RDONLY)), writer = must("open", open("file", O_WRONLY));
    pwrite(fd, "second page", 10, PAGE);
    char *private = mmap(NULL, 2 * PAGE, both, MAP_PRIVATE, fd, 0), *shared = mmap(NULL, 2 * PAGE, both, MAP_SHARED, fd, 0), text[20] = "";
    printf("%.10s %.10s %d\n", private, shared + PAGE, shared[PAGE + 11]);
    private[0] = 'P';
    pread(fd, text, 5, 0);
    printf("a private write stays private: %s\n", text);
    shared[1] = 'S';
    pread(fd, text, 5, 0);
    printf("a shared write is the file's: %s\n", text);
    pwrite(fd, "W", 1, 2);
    printf("a write to the file is seen: %.5s\n", shared);
    value("msync", msync(shared, PAGE, MS_SYNC));
    value("msync of nothing mapped", msync((void *)0x10000, PAGE, MS_SYNC));
    char *second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    printf("from the second page: %.6s\n", second);
    value("from no page", place(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100)));
    value("shared writing of what is for reading", place(mmap(NULL, PAGE, both, MAP_SHARED, reader, 0)));
    value("private writing of what is for reading", place(mmap(NULL, PAGE, both, MAP_PRIVATE, reader, 0)));
    value("of what is for writing", place(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0)));
    char *shared_reading = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    value("mprotect of shared reading to writing", mprotect(shared_reading, PAGE, both));
    int ends[2];
    must("pipe", pipe(ends));
    value("of a pipe", place(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0)));
    value("of a folder", place(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0)));
    close(fd);
    close(reader);
    close(writer);
    unlink("file");
    printf("lives on without descriptor and name: %.5s\n", shared);

    // mremap
    map = mmap(NULL, 2 * PAGE, both, anonymous, -1, 0);
    strcpy(map, "moved along");
    char *larger = mremap(map, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    value("mremap to more", place(larger));
    printf("%s, %s\n", larger, reach(larger + 63 * PAGE));
    holds("mremap to less stays", mremap(larger, 64 * PAGE, PAGE, 0) == larger);
    holds("and gives back", !strcmp(reach(larger + PAGE), "none"));
    char *target = mmap(NULL, PAGE, PROT_NONE, anonymous, -1, 0);
    holds("mremap to a place", mremap(larger, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && !strcmp(target, "moved along"));
    holds("the old place is empty", !strcmp(reach(larger), "none"));
    value("mremap of nothing", place(mremap(larger, PAGE, 2 * PAGE, MREMAP_MAYMOVE)));
    value("mremap to no length", place(mremap(target, PAGE, 0, MREMAP_MAYMOVE)));
    value("mremap with a wrong flag", place(mremap(target, PAGE, PAGE, 64)));

    // madvise
    strcpy(target, "forget");
    value("madvise DONTNEED", madvise(target, PAGE, MADV_DONTNEED));
    value("zero again", target[0]);
    private[5] = 'X';
    value("of a private file", madvise(private, PAGE, MADV_DONTNEED));
    printf("the file again: %.5s\n", private);
    value("madvise at no page", madvise(target + 1, PAGE, MADV_DONTNEED));
    value("unknown advice", madvise(target, PAGE, 999));
    value("WILLNEED", madvise(target, PAGE, MADV_WILLNEED));

    // brk: what is asked for beyond a limit is not given.
    char *end = (char *)syscall(SYS_brk, 0);
    holds("brk grows", (char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE);
    printf("%s\n", reach(end + 2 * PAGE));
    end[PAGE] = 5;
    holds("brk shrinks", (char *)syscall(SYS_brk, end) == end);
    holds("brk grows again", (char *)syscall(SYS_brk, end + 3 * PAGE) == end + 3 * PAGE);
    value("zero", end[PAGE]);
    holds("brk of nonsense says where it is", (char *)syscall(SYS_brk, 1) == end + 3 * PAGE);
    leave();
    return broken;
}
