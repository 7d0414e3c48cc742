// Files that get shorter and longer behind their mappings: what lies behind the end is SIGBUS and comes back as zeros, whoever has it mapped; and memory shared with another program by a descriptor and by a name in /dev/shm.
#include "memory.h"

enum { PAGES = 6 };
static int file;

static void fill(void)
{
    must("ftruncate", ftruncate(file, PAGES * PAGE));
    for (char i = 0; i < PAGES; i++)
        must("pwrite", pwrite(file, (char[]) { (char)('A' + i) }, 1, i * PAGE));
}

static void resized(const char *what, int (*open_file)(void))
{
    printf("-- %s\n", what);
    file = open_file();
    fill();
    char *shared = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, file, 0), *private = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE, file, 0), *second = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 2 * PAGE);
    private[0] = 'p';
    private[3 * PAGE] = 'q';
    value("shorter", ftruncate(file, 2 * PAGE + 100));
    show_letters("shared", shared, PAGES);
    show_letters("private", private, PAGES);
    show_letters("second", second, 2);
    printf("%s %s\n", reach(shared + 2 * PAGE), reach(shared + 3 * PAGE));
    holds("no call reads there", write(file, shared + 4 * PAGE, 1) == -1 && errno == EFAULT);
    show_maps("mapped all the same", shared, PAGES);
    // Behind the end of a file that ends within a page is memory of nobody: what becomes of it is the file system's affair.
    shared[2 * PAGE + 200] = 'x';
    value("longer", ftruncate(file, 4 * PAGE));
    show_letters("shared", shared, PAGES);
    show_letters("private", private, PAGES);
    show_letters("second", second, 2);
    shared[3 * PAGE] = 's';
    char byte = 0;
    value("read", pread(file, &byte, 1, 3 * PAGE));
    printf("what is written there is the file's: %c\n", byte);
    value("written at its end", pwrite(file, "E", 1, 4 * PAGE));
    show_letters("shared", shared, PAGES);
    value("allocated", posix_fallocate(file, 0, 6 * PAGE));
    show_letters("shared", shared, PAGES);
    show_letters("private", private, PAGES);
    value("nothing", ftruncate(file, 0));
    show_letters("shared", shared, PAGES);
    show_letters("private", private, PAGES);
    value("all again", ftruncate(file, PAGES * PAGE));
    show_letters("shared", shared, PAGES);
    show_letters("private", private, PAGES);
    fill();
    value("a hole", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE));
    show_letters("shared", shared, PAGES);
    mprotect(shared, PAGES * PAGE, PROT_READ);
    value("shorter", ftruncate(file, PAGE));
    value("longer", ftruncate(file, 2 * PAGE));
    printf("%s %s %s\n", reach(shared), reach(shared + PAGE), reach(shared + 2 * PAGE));
    char *late = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, file, 2 * PAGE);
    show_letters("mapped behind the end", late, 2);
    fill();
    show_letters("and there now", late, 2);
    munmap(shared, PAGES * PAGE);
    munmap(private, PAGES * PAGE);
    munmap(second, 2 * PAGE);
    munmap(late, 2 * PAGE);
    close(file);
}

static int usual(void) { return must("open", open("file", O_RDWR | O_CREAT | O_TRUNC, 0600)); }

static int nameless(void) { return must("memfd", (int)syscall(SYS_memfd_create, "file", 0)); }

static int in_shm(void)
{
    char name[64];
    mkdir("/dev/shm", 01777); // made by whoever starts a system, which need not be one
    snprintf(name, sizeof name, "/dev/shm/guest-mapped-files.%d", (int)getpid());
    int fd = must("open", open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
    unlink(name);
    return fd;
}

// The other program: has the file as descriptor 9.
static int other(void)
{
    char *map = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, 9, 0);
    must("mmap", place(map));
    show_letters("the other sees", map, PAGES);
    map[PAGE] = 'o';
    must("ftruncate", ftruncate(9, 3 * PAGE));
    return 0;
}

static void with_another(const char *what, int (*open_file)(void))
{
    printf("-- %s\n", what);
    file = open_file();
    fill();
    char *map = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, file, 0);
    map[2 * PAGE] = 'm';
    must("dup2", dup2(file, 9));
    outcome("the other", START("other"));
    show_letters("what it left", map, PAGES);
    char byte = 0;
    pread(file, &byte, 1, PAGE);
    printf("in the file: %c\n", byte);
    munmap(map, PAGES * PAGE);
    close(file);
    close(9);
}

static void populated(void)
{
    printf("-- populated\n");
    file = usual();
    fill();
    unsigned char seen[PAGES];
    char *map = mmap(NULL, PAGES * PAGE, RW, ANONYMOUS | MAP_POPULATE, -1, 0);
    must("mincore", mincore(map, PAGES * PAGE, seen));
    holds("all of it is there", seen[0] & seen[PAGES - 1] & 1);
    munmap(map, PAGES * PAGE);
    map = mmap(NULL, 2 * PAGES * PAGE, RW, MAP_SHARED | MAP_POPULATE, file, 0);
    value("behind the end as well", place(map));
    show_letters("what there is", map, 2 * PAGES);
    munmap(map, 2 * PAGES * PAGE);
    map = mmap(NULL, PAGES * PAGE, PROT_NONE, ANONYMOUS | MAP_POPULATE, -1, 0);
    printf("out of reach: %s\n", reach(map));
    close(file);
}

int main(int argc, char **argv)
{
    catch_faults();
    if (argc > 1)
        return other();
    scratch();
    resized("a usual file", usual);
    resized("a file without a name", nameless);
    resized("a file of /dev/shm", in_shm);
    with_another("a usual file and another program", usual);
    with_another("a file without a name and another program", nameless);
    populated();
    leave();
    return broken;
}
