// What is in files: positions, holes, truncation, limits, vectors, copies inside the kernel.
#include "guest.h"
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static char block[8192];

int main(void)
{
    struct stat st;
    scratch();
    int fd = must("open", open("file", O_CREAT | O_RDWR, 0600));
    value("write", write(fd, "0123456789", 10));
    value("SEEK_SET", lseek(fd, 3, SEEK_SET));
    value("SEEK_CUR", lseek(fd, -1, SEEK_CUR));
    value("SEEK_END", lseek(fd, 5, SEEK_END));
    value("before the start", lseek(fd, -1, SEEK_SET));
    value("a wrong whence", lseek(fd, 0, 9));
    value("position", lseek(fd, 0, SEEK_CUR));
    value("read beyond the end", read(fd, block, 10));
    value("write there", write(fd, "x", 1));
    value("size", lseek(fd, 0, SEEK_END));
    value("pread", pread(fd, block, 100, 8));
    printf("%c%c %d %d %c\n", block[0], block[1], block[2], block[6], block[7]);
    value("pread at a negative position", pread(fd, block, 1, -1));
    value("pwrite", pwrite(fd, "Y", 1, 0));
    value("the position stays", lseek(fd, 0, SEEK_CUR));

    value("ftruncate, less", ftruncate(fd, 4));
    value("ftruncate, more", ftruncate(fd, 8));
    value("pread", pread(fd, block, 100, 0));
    printf("%.4s %d %d\n", block, block[4], block[7]);
    value("truncate", truncate("file", 2));
    value("truncate to less than nothing", truncate("file", -1));
    value("truncate of a folder", truncate(".", 0));
    value("truncate of nothing", truncate("none", 0));
    value("size", lseek(fd, 0, SEEK_END));

    // A hole.
    const long far = 16 << 20;
    value("write far away", pwrite(fd, "end", 3, far));
    must("fstat", fstat(fd, &st));
    value("size", st.st_size);
    holds("less blocks than size", st.st_blocks * 512 < far / 2);
    value("SEEK_DATA", lseek(fd, 0, SEEK_DATA));
    long hole = lseek(fd, 0, SEEK_HOLE);
    holds("SEEK_HOLE", hole > 0 && hole <= 65536);
    value("data after the hole", lseek(fd, 1 << 20, SEEK_DATA) > (8 << 20));
    value("the last hole", lseek(fd, far + 1, SEEK_HOLE));
    value("data beyond the end", lseek(fd, far + 3, SEEK_DATA));
    value("a hole beyond the end", lseek(fd, far + 10, SEEK_HOLE));
    value("read of a hole", pread(fd, block, 4096, 1 << 20));
    int sum = 0;
    for (int i = 0; i < 4096; i++)
        sum |= block[i];
    value("all zero", sum);
    value("ftruncate", ftruncate(fd, 0));

    // Vectors.
    struct iovec out[4] = { { "one,", 4 }, { NULL, 0 }, { "two,", 4 }, { "three", 5 } };
    char a[3], b[20];
    struct iovec in[2] = { { a, 3 }, { b, 20 } };
    lseek(fd, 0, SEEK_SET);
    value("writev", writev(fd, out, 4));
    lseek(fd, 0, SEEK_SET);
    value("readv", readv(fd, in, 2));
    printf("%.3s|%.10s\n", a, b);
    value("preadv", preadv(fd, in, 2, 4));
    value("pwritev", pwritev(fd, out, 1, 100));
    value("no vector", writev(fd, out, 0));
    value("too many", writev(fd, out, IOV_MAX + 1));
    value("less than none", writev(fd, out, -1));
    struct iovec wrong[2] = { { "x", 1 }, { "x", (size_t)-1 } };
    value("a negative length", writev(fd, wrong, 2));
    struct iovec bad[2] = { { "good", 4 }, { (void *)8, 4 } };
    lseek(fd, 0, SEEK_SET);
    holds("a bad pointer after a good one", writev(fd, bad, 2) == 4 || errno == EFAULT);

    // Copies.
    ftruncate(fd, 0);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = i * 7;
    pwrite(fd, block, sizeof block, 0);
    lseek(fd, 0, SEEK_SET);
    int copy = must("open", open("copy", O_CREAT | O_RDWR, 0600));
    value("sendfile", sendfile(copy, fd, NULL, 5000));
    value("position", lseek(fd, 0, SEEK_CUR));
    off_t offset = 100;
    value("sendfile from a place", sendfile(copy, fd, &offset, 100000));
    value("the place then", offset);
    value("position", lseek(fd, 0, SEEK_CUR));
    value("sendfile at the end", sendfile(copy, fd, &offset, 10));
    char back[8192];
    value("pread", pread(copy, back, sizeof back, 5000));
    holds("right", !memcmp(back, block + 100, 8092));
    int ends[2];
    must("pipe", pipe(ends));
    offset = 0;
    value("sendfile into a pipe", sendfile(ends[1], fd, &offset, 300));
    value("sendfile from a pipe", sendfile(copy, ends[0], NULL, 10));
    value("sendfile to what is for reading", sendfile(ends[0], fd, NULL, 10));
    value("sendfile to O_APPEND", sendfile(open("copy", O_WRONLY | O_APPEND), fd, &offset, 10));
    value("sendfile of nothing", sendfile(99, fd, NULL, 1));

    // Limits.
    struct rlimit limit = { 10000, 10000 };
    must("setrlimit", setrlimit(RLIMIT_FSIZE, &limit));
    signal(SIGXFSZ, SIG_IGN);
    value("write up to the limit", pwrite(fd, block, 4096, 8000));
    value("write at the limit", pwrite(fd, block, 10, 10000));
    value("ftruncate beyond the limit", ftruncate(fd, 20000));
    value("fsync", fsync(fd));
    value("fdatasync", fdatasync(fd));
    value("read of nothing", read(fd, NULL, 0));
    value("no descriptor", read(99, block, 1));
    value("a negative one", write(-1, block, 1));
    leave();
    return broken;
}
