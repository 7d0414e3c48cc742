// mremap: shrinking, growing in place and by moving, to a place, leaving the old pages behind, doubling what is shared, of files, across borders, and what it refuses.
#include "memory.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static char *remap(char *old, long from, long to, int flags, char *target)
{
    return (char *)syscall(SYS_mremap, old, from * PAGE, to * PAGE, flags, target);
}

static long tried(char *result) { return result == MAP_FAILED ? -1 : 0; }

static int file_of(const char *name, long pages)
{
    int fd = must("open", open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
    for (long i = 0; i < pages; i++) {
        char byte = (char)('A' + i);
        must("pwrite", pwrite(fd, &byte, 1, i * PAGE));
    }
    must("ftruncate", ftruncate(fd, pages * PAGE));
    return fd;
}

static void anonymous(char *base)
{
    // In place.
    letter(put(base, 8, RW), 8, 'a');
    holds("shrink", remap(base, 8, 3, 0, NULL) == base);
    show_maps("shrunk", base, 8);
    holds("shrink across a hole", remap(base, 8, 2, 0, NULL) == base);
    show_maps("shrunk", base, 8);
    holds("the same size", remap(base, 2, 2, 0, NULL) == base);
    holds("grow in place", remap(base, 2, 6, 0, NULL) == base);
    show_letters("grown", base, 6);
    put(base + 6 * PAGE, 2, PROT_READ);
    value("grow into a neighbour", tried(remap(base, 6, 7, 0, NULL)));
    value("grow a first part", tried(remap(base, 3, 4, 0, NULL)));
    // From the middle, with all that goes with it: protection stays, the pieces on both sides too.
    letter(put(base, 8, RW), 8, 'a');
    mprotect(base + 2 * PAGE, 3 * PAGE, PROT_READ);
    put(base + 16 * PAGE, 8, PROT_NONE);
    holds("move the middle", remap(base + 2 * PAGE, 3, 5, MREMAP_MAYMOVE | MREMAP_FIXED, base + 18 * PAGE) == base + 18 * PAGE);
    show_maps("moved", base, 24);
    show_letters("old", base, 8);
    show_letters("new", base + 18 * PAGE, 5);
    // Moved and cut.
    letter(put(base, 8, RW), 8, 'a');
    put(base + 16 * PAGE, 8, PROT_NONE);
    holds("move and shrink", remap(base, 8, 2, MREMAP_MAYMOVE | MREMAP_FIXED, base + 17 * PAGE) == base + 17 * PAGE);
    show_maps("moved", base, 24);
    show_letters("new", base + 17 * PAGE, 2);
    // To its own neighbour, and back over what it left.
    put(base, 8, PROT_NONE);
    letter(put(base, 3, RW), 3, 'a');
    holds("move beside itself", remap(base + PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, base + 3 * PAGE) == base + 3 * PAGE);
    show_letters("moved", base, 6);
    holds("before itself", remap(base + 3 * PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, base + PAGE) == base + PAGE);
    show_letters("moved", base, 6);
    holds("beside itself, leaving it", remap(base + PAGE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, base + 3 * PAGE) == base + 3 * PAGE);
    show_letters("moved", base, 6);
    show_maps("moved", base, 6);
    // What can't be used moves as well, and what it holds.
    letter(put(base, 4, RW), 4, 'a');
    mprotect(base, 4 * PAGE, PROT_NONE);
    put(base + 16 * PAGE, 8, PROT_NONE);
    holds("move what is out of reach", remap(base, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED, base + 18 * PAGE) == base + 18 * PAGE);
    printf("%s\n", reach(base + 18 * PAGE));
    mprotect(base + 18 * PAGE, 4 * PAGE, PROT_READ);
    show_letters("new", base + 18 * PAGE, 4);
    // Large: by pages of the table, not by bytes.
    char *large = mmap(NULL, 600 * PAGE, RW, ANONYMOUS, -1, 0);
    large[0] = 'x';
    large[599 * PAGE] = 'y';
    char *moved = remap(large, 600, 1200, MREMAP_MAYMOVE, NULL);
    must("grow by moving", tried(moved));
    printf("%c %c %d %s\n", moved[0], moved[599 * PAGE], moved[600 * PAGE], reach(moved + 1199 * PAGE));
    munmap(moved, 1200 * PAGE);
    munmap(base, 64 * PAGE);
    must("room again", tried(mmap(base, 64 * PAGE, PROT_NONE, ANONYMOUS | MAP_FIXED, -1, 0)));
}

static void left_behind(char *base)
{
    letter(put(base, 4, RW), 4, 'a');
    put(base + 16 * PAGE, 8, PROT_NONE);
    holds("leave the old behind", remap(base, 4, 4, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, base + 18 * PAGE) == base + 18 * PAGE);
    show_letters("old", base, 4);
    show_letters("new", base + 18 * PAGE, 4);
    printf("%s\n", reach(base));
    char *anywhere = remap(base + 18 * PAGE, 4, 4, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    must("anywhere", tried(anywhere));
    show_letters("anywhere", anywhere, 4);
    show_letters("old", base + 18 * PAGE, 4);
    munmap(anywhere, 4 * PAGE);
    int fd = file_of("private", 3);
    char *map = mmap(base, 3 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    map[PAGE] = 'x';
    put(base + 16 * PAGE, 8, PROT_NONE);
    holds("of a private file", remap(map, 3, 3, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, base + 18 * PAGE) == base + 18 * PAGE);
    show_letters("old", base, 3);
    show_letters("new", base + 18 * PAGE, 3);
    close(fd);
    put(base, 32, PROT_NONE);
}

static void files(char *base)
{
    int fd = file_of("file", 6);
    char *map = mmap(base, 3 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, PAGE);
    munmap(base + 3 * PAGE, 5 * PAGE);
    holds("a shared file grows in place", remap(map, 3, 4, 0, NULL) == map);
    show_maps("grown", base, 8);
    show_letters("grown", map, 4);
    holds("and behind its end", remap(map, 4, 7, 0, NULL) == map);
    printf("%s %s\n", reach(map + 4 * PAGE), reach(map + 5 * PAGE));
    holds("moves from its middle", remap(map + PAGE, 2, 3, MREMAP_MAYMOVE | MREMAP_FIXED, base + 18 * PAGE) == base + 18 * PAGE);
    show_maps("moved", base, 24);
    show_letters("moved", base + 18 * PAGE, 3);
    base[18 * PAGE] = 'z';
    char byte = 0;
    pread(fd, &byte, 1, 2 * PAGE);
    printf("it is still the file: %c\n", byte);
    // Two of one.
    char *twin = remap(base + 18 * PAGE, 0, 3, MREMAP_MAYMOVE, NULL);
    must("twin", tried(twin));
    twin[PAGE] = 't';
    show_letters("twin of a file", twin, 3);
    show_letters("its other", base + 18 * PAGE, 3);
    munmap(twin, 3 * PAGE);
    // A private file, written to: its own pages go along, all others are the file's.
    map = mmap(base, 6 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
    map[PAGE] = 'p';
    map[4 * PAGE] = 'q';
    put(base + 16 * PAGE, 16, PROT_NONE);
    holds("a private file moves", remap(map, 5, 6, MREMAP_MAYMOVE | MREMAP_FIXED, base + 20 * PAGE) == base + 20 * PAGE);
    show_letters("private", base + 20 * PAGE, 6);
    show_letters("what stayed", map + 5 * PAGE, 1);
    value("none of it can be had twice", tried(remap(base + 20 * PAGE, 0, 3, MREMAP_MAYMOVE, NULL)));
    close(fd);
    put(base, 40, PROT_NONE);
    // Shared, of nobody: it does not get longer by growing.
    map = mmap(base, 3 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    letter(map, 3, 'a');
    holds("shared memory moves", remap(map, 3, 5, MREMAP_MAYMOVE | MREMAP_FIXED, base + 20 * PAGE) == base + 20 * PAGE);
    show_letters("shared", base + 20 * PAGE, 5);
    twin = remap(base + 21 * PAGE, 0, 2, MREMAP_MAYMOVE | MREMAP_FIXED, base + 30 * PAGE);
    must("twin", tried(twin));
    show_letters("twin", twin, 2);
    twin[0] = 'x';
    show_letters("its other", base + 20 * PAGE, 3);
    munmap(base + 20 * PAGE, 5 * PAGE);
    show_letters("lives on", twin, 2);
    put(base, 40, PROT_NONE);
}

static void refused(char *base)
{
    put(base, 4, RW);
    put(base + 4 * PAGE, 4, PROT_READ);
    value("not at a page", syscall(SYS_mremap, base + 1, PAGE, PAGE, 0, NULL));
    value("unknown flag", tried(remap(base, 1, 1, 8, NULL)));
    value("to nothing", tried(remap(base, 1, 0, MREMAP_MAYMOVE, NULL)));
    value("of nothing, private", tried(remap(base, 0, 1, MREMAP_MAYMOVE, NULL)));
    value("a place without moving", tried(remap(base, 1, 1, MREMAP_FIXED, base + 20 * PAGE)));
    value("a place that is no page", tried(remap(base, 1, 1, MREMAP_FIXED | MREMAP_MAYMOVE, base + 20 * PAGE + 1)));
    value("onto itself", tried(remap(base, 2, 2, MREMAP_FIXED | MREMAP_MAYMOVE, base + PAGE)));
    value("onto itself, just so", tried(remap(base, 2, 2, MREMAP_FIXED | MREMAP_MAYMOVE, base)));
    value("leave behind without moving", tried(remap(base, 2, 2, MREMAP_DONTUNMAP, NULL)));
    value("leave behind and grow", tried(remap(base, 2, 3, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, NULL)));
    value("grow across a border", tried(remap(base, 8, 9, MREMAP_MAYMOVE, NULL)));
    value("move and grow across a border", tried(remap(base, 8, 9, MREMAP_MAYMOVE | MREMAP_FIXED, base + 20 * PAGE)));
    value("longer than memory", tried(remap(base, 1, 1L << 34, MREMAP_MAYMOVE, NULL)));
    value("longer than numbers", syscall(SYS_mremap, base, PAGE, -1L, MREMAP_MAYMOVE, NULL));
    show_maps("unharmed", base, 8);
    munmap(base + 8 * PAGE, 8 * PAGE);
    value("what is not there", tried(remap(base + 8 * PAGE, 1, 1, 0, NULL)));
    value("what is not there, to more", tried(remap(base + 8 * PAGE, 1, 2, MREMAP_MAYMOVE, NULL)));
    value("what ends too early", tried(remap(base + 6 * PAGE, 4, 5, MREMAP_MAYMOVE, NULL)));
}

int main(void)
{
    catch_faults();
    scratch();
    char *base = room(64);
    anonymous(base);
    left_behind(base);
    files(base);
    refused(base);
    leave();
    return broken;
}
