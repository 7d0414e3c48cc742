// madvise, msync and mincore: what each advice does to memory of nobody, of private and of shared files, and what is refused.
#include "memory.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
enum { GUARD_INSTALL = 102, GUARD_REMOVE = 103 };

static char *base;
static int file;

static long advise(char *at, long pages, int advice) { return syscall(SYS_madvise, at, pages * PAGE, advice); }

static void fill_file(void)
{
    for (char i = 0; i < 8; i++)
        must("pwrite", pwrite(file, (char[]) { (char)('A' + i) }, 1, i * PAGE));
}

static void dont_need(void)
{
    letter(put(base, 8, RW), 8, 'a');
    value("not needed", advise(base + PAGE, 2, MADV_DONTNEED));
    show_letters("of nobody", base, 8);
    mprotect(base + 4 * PAGE, 2 * PAGE, PROT_READ);
    mprotect(base + 6 * PAGE, PAGE, PROT_NONE);
    value("across protections", advise(base + 3 * PAGE, 5, MADV_DONTNEED));
    mprotect(base + 6 * PAGE, PAGE, PROT_READ);
    show_letters("of nobody", base, 8);

    fill_file();
    char *map = mmap(base, 8 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
    letter(map, 6, 'a');
    value("of a private file", advise(map + PAGE, 3, MADV_DONTNEED));
    show_letters("the file again", map, 8);
    mprotect(map + 4 * PAGE, PAGE, PROT_READ);
    value("of one that can't be written any more", advise(map + 4 * PAGE, 1, MADV_DONTNEED));
    show_letters("the file again", map, 8);
    pwrite(file, "N", 1, 2 * PAGE);
    show_letters("the file as it is now", map, 8);

    fill_file();
    map = mmap(base, 8 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    map[0] = 'x';
    value("of a shared file", advise(map, 8, MADV_DONTNEED));
    show_letters("nothing is lost", map, 8);
    map = mmap(base, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    letter(map, 4, 'a');
    value("of what is shared", advise(map, 4, MADV_DONTNEED));
    show_letters("nothing is lost", map, 4);
}

static void given_back(void)
{
    letter(put(base, 4, RW), 4, 'a');
    value("free", advise(base, 4, MADV_FREE));
    base[PAGE] = 'x';
    printf("what is written after it stays: %c\n", base[PAGE]);
    holds("what is not is old or zero", base[0] == 'a' || base[0] == 0);
    char *map = mmap(base, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    value("free a shared file", advise(map, 4, MADV_FREE));
    map = mmap(base, 4 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
    value("free a private file", advise(map, 4, MADV_FREE));
    value("remove from a private file", advise(map, 4, MADV_REMOVE));
    fill_file();
    map = mmap(base, 8 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    value("remove", advise(map + PAGE, 2, MADV_REMOVE));
    show_letters("holes", map, 8);
    char text[2] = "xx";
    pread(file, text, 1, PAGE);
    value("in the file as well", text[0]);
    put(base, 4, RW);
    value("remove what is nobody's", advise(base, 4, MADV_REMOVE));
    map = mmap(base, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    letter(map, 4, 'a');
    value("remove what is shared", advise(map + PAGE, 2, MADV_REMOVE));
    show_letters("holes", map, 4);
}

static void populated(void)
{
    unsigned char pages[8];
    put(base, 8, RW);
    advise(base, 8, MADV_DONTNEED);
    value("populate", advise(base, 4, MADV_POPULATE_WRITE));
    value("look", syscall(SYS_mincore, base, 8 * PAGE, pages));
    for (int i = 0; i < 8; i++)
        printf("%d", pages[i] & 1);
    printf("\n");
    base[6 * PAGE] = 1;
    value("not needed", advise(base, 4, MADV_DONTNEED));
    value("look", syscall(SYS_mincore, base, 8 * PAGE, pages));
    for (int i = 0; i < 8; i++)
        printf("%d", pages[i] & 1);
    printf("\n");
    mprotect(base, PAGE, PROT_READ);
    value("populate for writing what is for reading", advise(base, 1, MADV_POPULATE_WRITE));
    mprotect(base, PAGE, PROT_NONE);
    value("populate what is for nothing", advise(base, 1, MADV_POPULATE_READ));
    munmap(base + PAGE, PAGE);
    value("populate a hole", advise(base + PAGE, 1, MADV_POPULATE_READ));
    mmap(base, 8 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 6 * PAGE);
    value("populate behind the end of a file", advise(base, 4, MADV_POPULATE_READ));
    put(base, 8, RW);
    value("look at no page", syscall(SYS_mincore, base + 1, PAGE, pages));
    value("look at nothing", syscall(SYS_mincore, base, 0, pages));
    value("look and tell nobody", syscall(SYS_mincore, base, PAGE, NULL));
    value("look beyond all", syscall(SYS_mincore, base, -1L, pages));
    munmap(base + 2 * PAGE, PAGE);
    value("look into a hole", syscall(SYS_mincore, base + PAGE, 2 * PAGE, pages));
    put(base, 8, RW);
}

static void hints(void)
{
    static const struct { const char *name; int advice; } all[] = {
        { "normal", MADV_NORMAL }, { "random", MADV_RANDOM }, { "sequential", MADV_SEQUENTIAL }, { "will need", MADV_WILLNEED }, { "not for fork", MADV_DONTFORK }, { "for fork", MADV_DOFORK },
        { "not for dumps", MADV_DONTDUMP }, { "for dumps", MADV_DODUMP }, { "wipe", MADV_WIPEONFORK }, { "keep", MADV_KEEPONFORK }, { "cold", MADV_COLD },
    };
    fill_file();
    letter(put(base, 4, RW), 4, 'a');
    char *map = mmap(base + 4 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, file, 0);
    mmap(map + 2 * PAGE, 2 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    for (unsigned i = 0; i < COUNT(all); i++) {
        printf("%s: ", all[i].name);
        value("of nobody", advise(base, 4, all[i].advice));
        printf("%s: ", all[i].name);
        value("private", advise(map, 2, all[i].advice));
        printf("%s: ", all[i].name);
        value("shared", advise(map + 2 * PAGE, 2, all[i].advice));
    }
    show_letters("all as it was", base, 8);
    show_maps("all as it was", base, 8);
    static const int wrong[] = { -1, 5, 6, 7, 26, 99, 1000, -1000 };
    for (unsigned i = 0; i < COUNT(wrong); i++)
        value("no advice", advise(base, 1, wrong[i]));
    value("no advice about nothing", advise(base, 0, 99));
    value("about nothing", advise(base, 0, MADV_DONTNEED));
    value("about no page", syscall(SYS_madvise, base + 1, PAGE, MADV_NORMAL));
    value("beyond all", syscall(SYS_madvise, base, -1L, MADV_NORMAL));
    value("beyond numbers", syscall(SYS_madvise, base, -PAGE, MADV_NORMAL));
    put(base, 8, RW);
    letter(base, 8, 'a');
    munmap(base + 2 * PAGE, 2 * PAGE);
    value("over a hole", advise(base, 8, MADV_DONTNEED));
    show_letters("both sides of it", base, 8);
    letter(base + 4 * PAGE, 2, 'e');
    value("from a hole on", advise(base + 3 * PAGE, 2, MADV_DONTNEED));
    show_letters("behind it", base, 8);
    value("in a hole", advise(base + 2 * PAGE, 1, MADV_DONTNEED));
    put(base, 8, RW);
}

static void guards(void)
{
    letter(put(base, 8, RW), 8, 'a');
    if (advise(base + PAGE, 2, GUARD_INSTALL)) {
        // Before Linux 6.13 there are none.
        holds("guards are not known", errno == EINVAL);
        return;
    }
    const char *seen = reach(base + PAGE);
    holds("a guard is no place to go", strcmp(seen, "rw") && strcmp(seen, "r"));
    printf("beside it: %s %s\n", reach(base), reach(base + 3 * PAGE));
    holds("no call goes there", read(file, base + PAGE, 1) == -1 && errno == EFAULT);
    must("not needed", advise(base, 4, MADV_DONTNEED));
    holds("a guard stays", strcmp(reach(base + PAGE), "rw"));
    must("protect", mprotect(base, 4 * PAGE, PROT_READ));
    must("protect", mprotect(base, 4 * PAGE, RW));
    holds("a guard stays", strcmp(reach(base + PAGE), "rw"));
    must("move", place(mremap(base, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 8 * PAGE)));
    holds("a guard moves along", strcmp(reach(base + 9 * PAGE), "rw") && !strcmp(reach(base + 8 * PAGE), "rw"));
    holds("away with it", advise(base + 9 * PAGE, 2, GUARD_REMOVE) == 0 && !strcmp(reach(base + 9 * PAGE), "rw") && base[9 * PAGE] == 0);
    must("again", advise(base + 9 * PAGE, 1, GUARD_INSTALL));
    put(base + 9 * PAGE, 1, RW);
    holds("what is mapped over it is as new", !strcmp(reach(base + 9 * PAGE), "rw"));
}

static void synced(void)
{
    fill_file();
    char *map = mmap(base, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, file, 0);
    map[0] = 'x';
    value("sync", msync(map, 4 * PAGE, MS_SYNC));
    value("sync some time", msync(map, PAGE, MS_ASYNC));
    value("sync as others see it", msync(map, PAGE, MS_SYNC | MS_INVALIDATE));
    value("no way", msync(map, PAGE, 0));
    value("both ways", msync(map, PAGE, MS_SYNC | MS_ASYNC));
    value("another way", msync(map, PAGE, 8));
    value("at no page", syscall(SYS_msync, map + 1, PAGE, MS_SYNC));
    value("nothing", msync(map, 0, MS_SYNC));
    value("nothing beyond all", syscall(SYS_msync, map, -1L, MS_SYNC));
    value("beyond all", syscall(SYS_msync, map, -8L * PAGE, MS_SYNC));
    munmap(map + PAGE, PAGE);
    value("over a hole", msync(map, 4 * PAGE, MS_SYNC));
    put(base, 4, RW);
    value("of nobody", msync(base, 4 * PAGE, MS_SYNC));
}

int main(void)
{
    catch_faults();
    scratch();
    file = must("open", open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    base = room(16);
    dont_need();
    given_back();
    populated();
    hints();
    guards();
    synced();
    leave();
    return broken;
}
