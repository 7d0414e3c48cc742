// memfd_create and its seals: what each of them forbids, in files and in mappings, and what is refused.
#include "memory.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif
enum { ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static int create(unsigned flags) { return (int)syscall(SYS_memfd_create, "sealed", flags); }

static int file_with(int seals)
{
    int fd = must("memfd", create(MFD_ALLOW_SEALING));
    must("ftruncate", ftruncate(fd, 4 * PAGE));
    must("pwrite", pwrite(fd, "text", 4, 0));
    must("seal", fcntl(fd, F_ADD_SEALS, seals));
    return fd;
}

static void what_it_forbids(const char *name, int seals)
{
    printf("-- %s\n", name);
    int fd = file_with(seals);
    value("seals", fcntl(fd, F_GET_SEALS));
    value("write", pwrite(fd, "TEXT", 4, 0));
    value("write behind the end", pwrite(fd, "TEXT", 4, 4 * PAGE));
    value("write over the end", pwrite(fd, "TEXT", 4, 4 * PAGE - 2));
    value("longer", ftruncate(fd, 6 * PAGE));
    value("as long", ftruncate(fd, lseek(fd, 0, SEEK_END)));
    value("allocate more", fallocate(fd, 0, 0, 8 * PAGE));
    value("allocate what is there", fallocate(fd, 0, 0, PAGE));
    value("make a hole", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    value("shorter", ftruncate(fd, 2 * PAGE));
    value("size", lseek(fd, 0, SEEK_END) / PAGE);
    char *map = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
    value("map for writing", place(map));
    map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    value("map for reading", place(map));
    if (map != MAP_FAILED)
        value("and write then", mprotect(map, PAGE, RW));
    map = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
    value("map for oneself", place(map));
    if (map != MAP_FAILED)
        map[0] = 'x';
    value("one more seal", fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    close(fd);
}

static void mappings(void)
{
    printf("-- mappings\n");
    int fd = file_with(0);
    char *map = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), *private = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
    value("seal what is mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    value("seal what is to come", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
    map[0] = 'M';
    char text[5] = "";
    pread(fd, text, 4, 0);
    printf("the mapping goes on: %s\n", text);
    value("another", place(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0)));
    value("write", pwrite(fd, "text", 4, 0));
    must("protect", mprotect(map, PAGE, PROT_READ));
    value("still mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    value("may be written again", mprotect(map, PAGE, RW));
    char *moved = mremap(map, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    must("mremap", place(moved));
    moved[PAGE] = 'x';
    must("unmap a part", munmap(moved + PAGE, PAGE));
    value("still mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    must("unmap", munmap(moved, PAGE));
    value("unmapped", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    private[1] = 'p';
    printf("one's own goes on: %.4s\n", private);
    close(fd);
    fd = file_with(0);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    int reader = open(name, O_RDONLY);
    map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    must("map", place(map));
    value("a reader's mapping is in nobody's way", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    value("a reader seals nothing", fcntl(reader, F_ADD_SEALS, F_SEAL_GROW));
    value("but sees", fcntl(reader, F_GET_SEALS));
    value("nobody opens it for writing", open(name, O_RDWR) >= 0 ? 0 : -1);
    value("nor cuts it", open(name, O_RDWR | O_TRUNC) >= 0 ? 0 : -1);
    close(fd);
}

int main(void)
{
    what_it_forbids("none", 0);
    what_it_forbids("no shrinking", F_SEAL_SHRINK);
    what_it_forbids("no growing", F_SEAL_GROW);
    what_it_forbids("no writing", F_SEAL_WRITE);
    what_it_forbids("no writing to come", F_SEAL_FUTURE_WRITE);
    what_it_forbids("no seals", F_SEAL_SEAL);
    what_it_forbids("nothing at all", ALL);
    mappings();
    printf("-- refused\n");
    value("no flag", create(0x100));
    value("no name", syscall(SYS_memfd_create, NULL, 0));
    char name[300];
    memset(name, 'n', sizeof name);
    name[249] = 0;
    holds("a long name", syscall(SYS_memfd_create, name, 0) >= 0);
    name[249] = 'n';
    name[250] = 0;
    value("a longer one", syscall(SYS_memfd_create, name, 0));
    int fd = must("memfd", create(0));
    value("sealed already", fcntl(fd, F_GET_SEALS));
    value("seal it", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    fd = must("memfd", create(MFD_ALLOW_SEALING | MFD_CLOEXEC));
    value("close on exec", fcntl(fd, F_GETFD));
    value("no seal", fcntl(fd, F_ADD_SEALS, 64));
    value("none", fcntl(fd, F_ADD_SEALS, 0));
    scratch();
    make_file("file", "text", 0600);
    int ends[2];
    must("pipe", pipe(ends));
    value("seals of a pipe", fcntl(ends[0], F_GET_SEALS));
    value("seal a pipe", fcntl(ends[1], F_ADD_SEALS, F_SEAL_WRITE));
    leave();
    return broken;
}
