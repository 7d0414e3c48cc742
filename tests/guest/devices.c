// The small devices: null, zero, full, random.
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static void numbers(const char *path)
{
    struct stat st;
    must(path, stat(path, &st));
    printf("%s: character %d, %d:%d, mode %o\n", path, S_ISCHR(st.st_mode), (int)major(st.st_rdev), (int)minor(st.st_rdev), st.st_mode & 0777);
}

static int sum(const char *bytes, int count)
{
    int result = 0;
    for (int i = 0; i < count; i++)
        result |= bytes[i];
    return result;
}

int main(void)
{
    char bytes[4096], more[4096];
    numbers("/dev/null");
    numbers("/dev/zero");
    numbers("/dev/full");
    numbers("/dev/random");
    numbers("/dev/urandom");
    int fd = must("open", open("/dev/null", O_RDWR));
    value("null: read", read(fd, bytes, 10));
    value("null: write", write(fd, bytes, 10));
    value("null: write from nowhere", write(fd, (void *)8, 10));
    value("null: seek", lseek(fd, 100, SEEK_SET));
    value("null: ftruncate", ftruncate(fd, 0));
    value("null: O_TRUNC", open("/dev/null", O_WRONLY | O_TRUNC | O_CREAT, 0600) < 0 ? -1 : 0);
    value("null: mmap", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED ? -1 : 0);

    fd = must("open", open("/dev/zero", O_RDWR));
    memset(bytes, 1, sizeof bytes);
    value("zero: read", read(fd, bytes, sizeof bytes));
    value("zero: sum", sum(bytes, sizeof bytes));
    value("zero: write", write(fd, bytes, 10));
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    holds("zero: mmap", map != MAP_FAILED && sum(map, 4096) == 0 && (map[5] = 1));

    fd = must("open", open("/dev/full", O_RDWR));
    value("full: read", read(fd, bytes, 10));
    value("full: write", write(fd, bytes, 10));
    value("full: write of nothing", write(fd, bytes, 0));

    fd = must("open", open("/dev/urandom", O_RDONLY));
    value("urandom: read", read(fd, bytes, sizeof bytes));
    value("urandom: read", read(fd, more, sizeof more));
    holds("two are not the same", memcmp(bytes, more, sizeof bytes));
    holds("they are not zero", sum(bytes, sizeof bytes));
    value("getrandom", syscall(SYS_getrandom, bytes, 16, 0));
    value("getrandom with a wrong flag", syscall(SYS_getrandom, bytes, 16, 99));
    value("random, not waiting", read(open("/dev/random", O_RDONLY | O_NONBLOCK), bytes, 8));
    return broken;
}
