// mmap and munmap: where a mapping comes to lie, what it replaces and what is cut, and what is refused.
#include "memory.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif

static long map(void *at, unsigned long length, int protection, int flags, int fd, long offset)
{
    return syscall(SYS_mmap, at, length, protection, flags, fd, offset);
}

static long mapped(void *at, unsigned long length, int protection, int flags, int fd, long offset)
{
    return map(at, length, protection, flags, fd, offset) == -1 ? -1 : 0;
}

static void places(char *base)
{
    holds("at a place", map(base + 4 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0) == (long)(base + 4 * PAGE));
    show_maps("there", base, 16);
    letter(base + 4 * PAGE, 2, 'a');
    holds("over half of it", map(base + 5 * PAGE, 2 * PAGE, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0) == (long)(base + 5 * PAGE));
    show_maps("replaced", base, 16);
    show_letters("replaced", base + 4 * PAGE, 3);
    value("nothing is replaced", mapped(base + 15 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    must("munmap", munmap(base + 4 * PAGE, 8 * PAGE));
    show_maps("a hole", base, 16);
    value("not even its edge", mapped(base + 3 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    value("not even its end", mapped(base + 11 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    holds("in the hole", map(base + 5 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (long)(base + 5 * PAGE));
    holds("as long as the hole", map(base + 7 * PAGE, 5 * PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (long)(base + 7 * PAGE));
    show_maps("filled", base, 16);
    must("munmap", munmap(base + 4 * PAGE, 8 * PAGE));
    holds("a hint that is free is taken", map(base + 8 * PAGE, 2 * PAGE, RW, ANONYMOUS, -1, 0) == (long)(base + 8 * PAGE));
    holds("a hint within a page, too", map(base + 5 * PAGE + 100, 2 * PAGE, RW, ANONYMOUS, -1, 0) == (long)(base + 5 * PAGE));
    long elsewhere = map(base + 7 * PAGE, 2 * PAGE, RW, ANONYMOUS, -1, 0);
    holds("a hint that is taken is not", elsewhere != -1 && elsewhere != (long)(base + 7 * PAGE));
    show_maps("hints", base, 4);
    show_maps("hints", base + 5 * PAGE, 2);
    show_maps("hints", base + 8 * PAGE, 2);
    munmap((void *)elsewhere, 2 * PAGE);
    put(base, 16, PROT_NONE);
}

static void cuts(char *base)
{
    letter(put(base, 12, RW), 12, 'a');
    must("protect", mprotect(base + 2 * PAGE, 4 * PAGE, PROT_READ));
    must("protect", mprotect(base + 3 * PAGE, PAGE, PROT_READ | PROT_EXEC));
    show_maps("cut by protections", base, 12);
    value("unmap across them", munmap(base + PAGE, 4 * PAGE));
    show_maps("a hole", base, 12);
    value("unmap the hole and more", munmap(base, 8 * PAGE));
    show_maps("what is left", base, 12);
    value("unmap nothing", munmap(base, 8 * PAGE));
    value("a length is rounded up", munmap(base + 8 * PAGE, 1));
    show_maps("what is left", base, 12);
    show_letters("what is left", base + 8 * PAGE, 4);
    must("munmap", munmap(base + 12 * PAGE, PAGE));
    value("protect from a hole on", mprotect(base + 8 * PAGE, 4 * PAGE, PROT_READ));
    value("protect into a hole", mprotect(base + 11 * PAGE, 2 * PAGE, PROT_READ));
    must("munmap", munmap(base + 10 * PAGE, PAGE));
    value("protect over a hole", mprotect(base + 9 * PAGE, 3 * PAGE, PROT_READ));
    show_maps("up to the hole", base, 12);
    value("not at a page", munmap(base + 1, PAGE));
    value("no length", munmap(base, 0));
    value("beyond all", munmap(base, -PAGE));
    value("protect not at a page", mprotect(base + 1, PAGE, PROT_READ) && syscall(SYS_mprotect, base + 1, PAGE, PROT_READ));
    value("protect nothing", mprotect(base, 0, PROT_READ));
    value("protect to what is none", mprotect(base + 9 * PAGE, PAGE, 0x100));
    value("protect up and down", mprotect(base + 9 * PAGE, PAGE, PROT_READ | 0x03000000));
    value("protect what does not grow", mprotect(base + 9 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
    put(base, 16, PROT_NONE);
}

static void of_files(char *base)
{
    make_file("file", "text", 0644);
    int file = must("open", open("file", O_RDWR)), reader = must("open", open("file", O_RDONLY)), writer = must("open", open("file", O_WRONLY)),
        appender = must("open", open("file", O_RDWR | O_APPEND)), path = must("open", open("file", O_PATH)), folder = must("open", open(".", O_RDONLY)), ends[2];
    must("pipe", pipe(ends));
    must("ftruncate", ftruncate(file, 8 * PAGE));
    for (char i = 0; i < 8; i++)
        must("pwrite", pwrite(file, (char[]) { (char)('A' + i) }, 1, i * PAGE));
    holds("a file at a place", map(base + 2 * PAGE, 6 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, PAGE) == (long)(base + 2 * PAGE));
    must("munmap", munmap(base + 4 * PAGE, PAGE));
    must("protect", mprotect(base + 6 * PAGE, PAGE, PROT_READ));
    show_maps("cut", base, 12);
    show_letters("cut", base + 2 * PAGE, 6);
    holds("the rest of it", map(base + 4 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, file, 3 * PAGE) == (long)(base + 4 * PAGE));
    holds("another part", map(base + 5 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0) == (long)(base + 5 * PAGE));
    show_maps("filled", base, 12);
    show_letters("filled", base + 2 * PAGE, 6);
    put(base, 16, PROT_NONE);

    value("no descriptor", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    value("a closed one", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0));
    value("a path", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, path, 0));
    value("a folder", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0));
    value("a pipe", mapped(NULL, PAGE, PROT_READ, MAP_SHARED, ends[0], 0));
    value("not readable", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0));
    value("not readable, for writing", mapped(NULL, PAGE, PROT_WRITE, MAP_SHARED, writer, 0));
    value("not writable, shared", mapped(NULL, PAGE, RW, MAP_SHARED, reader, 0));
    value("not writable, private", mapped(NULL, PAGE, RW, MAP_PRIVATE, reader, 0));
    value("for appending, shared", mapped(NULL, PAGE, RW, MAP_SHARED, appender, 0));
    value("at no page of the file", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 1));
    value("at no page and no descriptor", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 1));
    value("no length", mapped(NULL, 0, PROT_READ, MAP_PRIVATE, file, 0));
    value("no length and no descriptor", mapped(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0));
    value("neither private nor shared", mapped(NULL, PAGE, PROT_READ, 0, file, 0));
    value("a type that is none", mapped(NULL, PAGE, PROT_READ, 0x7, file, 0));
    value("beyond numbers of pages", mapped(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, 0xfffffffffffff000));
    value("beyond the largest file", mapped(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, 0x7ffffffffffff000));
    value("growing down", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, file, 0));
    value("huge pages of a usual file", mapped(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_HUGETLB, file, 0));
    value("checked, a flag that is none", mapped(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200000, file, 0));
    value("checked, one the file has not", mapped(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, file, 0));
    value("not checked", mapped(NULL, PAGE, PROT_READ, MAP_SHARED | 0x200000, file, 0));
    value("far behind its end", mapped(NULL, PAGE, PROT_READ, MAP_SHARED, file, 1L << 40));
}

static void refused(char *base)
{
    put(base, 4, RW);
    value("no length", mapped(NULL, 0, RW, ANONYMOUS, -1, 0));
    value("a length near all", mapped(NULL, -1UL, RW, ANONYMOUS, -1, 0));
    value("a length of more than there is", mapped(NULL, 1UL << 50, RW, ANONYMOUS, -1, 0));
    value("neither private nor shared", mapped(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
    value("checked, of nobody", mapped(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0));
    value("of nobody with an offset", mapped(NULL, PAGE, RW, ANONYMOUS, -1, 5 * PAGE));
    value("of nobody at no page", mapped(NULL, PAGE, RW, ANONYMOUS, -1, 5));
    value("of nobody with a descriptor that is none", mapped(NULL, PAGE, RW, ANONYMOUS, 12345, 0));
    value("shared, growing down", mapped(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    value("at no page", mapped(base + 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    value("at no page, replacing nothing", mapped(base + 1, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    value("beyond all memory", mapped((void *)(1L << 60), PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    value("around the end of memory", mapped((void *)-PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    value("protections that are none", mapped(base, PAGE, RW | 0x100, ANONYMOUS | MAP_FIXED, -1, 0));
    show_maps("as it was", base, 4);
}

static void kinds(char *base)
{
    must("mmap", map(base, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    must("mmap", map(base + 2 * PAGE, 2 * PAGE, RW, ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));
    must("mmap", map(base + 4 * PAGE, 2 * PAGE, PROT_EXEC, ANONYMOUS | MAP_FIXED | MAP_STACK, -1, 0));
    must("mmap", map(base + 6 * PAGE, 2 * PAGE, RW | PROT_EXEC, ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0));
    int zero = must("zero", open("/dev/zero", O_RDWR));
    must("mmap", map(base + 8 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, zero, 0));
    must("mmap", map(base + 10 * PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, zero, 0));
    show_maps("of nobody", base + 2 * PAGE, 6);
    for (long i = 0; i < 12; i += 2)
        printf("%s ", reach(base + i * PAGE));
    printf("\n");
}

int main(void)
{
    catch_faults();
    scratch();
    char *base = room(16);
    places(base);
    cuts(base);
    of_files(base);
    refused(base);
    kinds(base);
    leave();
    return broken;
}
