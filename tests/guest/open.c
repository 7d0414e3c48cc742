// Opening files: flags, modes, and every way to be refused.
#include "guest.h"
#include <sys/syscall.h>
#include <sys/uio.h>

static int flags_of(int fd) { return fcntl(fd, F_GETFL) & ~0100000; } // O_LARGEFILE is libc's

int main(void)
{
    struct stat st;
    char text[100];
    scratch();
    umask(027);
    value("open of nothing", open("none", O_RDONLY));
    int fd = done("create", open("file", O_CREAT | O_WRONLY, 0777));
    must("fstat", fstat(fd, &st));
    printf("mode %o, links %d, size %d, ours %d\n", st.st_mode, (int)st.st_nlink, (int)st.st_size, st.st_uid == geteuid());
    printf("flags %o\n", flags_of(fd));
    value("write", write(fd, "0123456789", 10));
    value("read of what is for writing", read(fd, text, 1));
    close(fd);
    value("O_EXCL", open("file", O_CREAT | O_EXCL | O_RDWR, 0600));
    fd = done("O_CREAT of what is there", open("file", O_CREAT | O_RDONLY, 0));
    value("write to what is for reading", write(fd, "x", 1));
    value("ftruncate of what is for reading", ftruncate(fd, 0));
    value("size", lseek(fd, 0, SEEK_END));
    close(fd);

    fd = done("O_APPEND", open("file", O_RDWR | O_APPEND));
    value("position", lseek(fd, 0, SEEK_CUR));
    value("lseek", lseek(fd, 2, SEEK_SET));
    value("write", write(fd, "abc", 3));
    value("position", lseek(fd, 0, SEEK_CUR));
    value("pwrite appends too", pwrite(fd, "d", 1, 0));
    value("pread", pread(fd, text, 100, 0));
    printf("%.14s\n", text);
    value("O_APPEND off", fcntl(fd, F_SETFL, 0));
    value("pwrite", pwrite(fd, "X", 1, 0));
    value("pread", pread(fd, text, 100, 0));
    printf("%.14s\n", text);
    printf("flags %o\n", flags_of(fd));
    value("F_SETFL can't change the access", fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK));
    printf("flags %o\n", flags_of(fd));
    close(fd);
    fd = done("O_TRUNC", open("file", O_RDWR | O_TRUNC | O_CLOEXEC));
    value("size", lseek(fd, 0, SEEK_END));
    value("close-on-exec", fcntl(fd, F_GETFD));
    close(fd);

    must("mkdir", mkdir("folder", 0777));
    value("folder for writing", open("folder", O_RDWR));
    value("folder, O_CREAT", open("folder", O_RDONLY | O_CREAT, 0600));
    fd = done("folder for reading", open("folder", O_RDONLY));
    value("read of a folder", read(fd, text, 1));
    value("write to a folder", write(fd, text, 1));
    close(fd);
    value("O_DIRECTORY of a file", open("file", O_RDONLY | O_DIRECTORY));
    value("file/", open("file/", O_RDONLY));
    value("file/below", open("file/below", O_RDONLY));
    value("none/below", open("none/below", O_CREAT | O_RDWR, 0600));
    value("new/", open("new/", O_CREAT | O_RDWR, 0600));
    value("an empty name", open("", O_RDONLY));
    char name[300];
    memset(name, 'n', sizeof name);
    name[256] = 0;
    value("a name of 256", open(name, O_CREAT | O_RDWR, 0600));
    name[255] = 0;
    done("a name of 255", open(name, O_CREAT | O_RDWR, 0600));
    static char path[5000];
    memset(path, '/', 4999);
    value("a path of 4999", open(path, O_RDONLY));
    path[4095] = 0;
    done("a path of 4095", open(path, O_RDONLY));

    must("symlink", symlink("file", "link"));
    must("symlink", symlink("gone", "dangling"));
    value("O_NOFOLLOW of a link", open("link", O_RDONLY | O_NOFOLLOW));
    done("O_NOFOLLOW of a file", open("file", O_RDONLY | O_NOFOLLOW));
    value("dangling link", open("dangling", O_RDONLY));
    value("O_EXCL of a dangling link", open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600));
    done("O_CREAT through a dangling link", open("dangling", O_CREAT | O_RDWR, 0600));
    value("made it", stat("gone", &st));

    fd = done("O_PATH", open("file", O_PATH));
    value("read", read(fd, text, 1));
    value("fchmod", fchmod(fd, 0600));
    value("fstat", fstat(fd, &st));
    close(fd);
    fd = done("O_PATH of a link", open("link", O_PATH | O_NOFOLLOW));
    must("fstat", fstat(fd, &st));
    holds("is the link", S_ISLNK(st.st_mode));
    value("readlinkat of it", readlinkat(fd, "", text, sizeof text));

    fd = done("O_TMPFILE", open(".", O_TMPFILE | O_RDWR, 0600));
    must("fstat", fstat(fd, &st));
    value("links", st.st_nlink);
    value("write", write(fd, "temporary", 9));
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    value("linkat gives it a name", linkat(AT_FDCWD, text, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    value("size", stat("named", &st) ? -1 : st.st_size);
    close(fd);
    value("O_TMPFILE for reading", open(".", O_TMPFILE | O_RDONLY, 0600));
    value("O_TMPFILE on a file", open("file", O_TMPFILE | O_RDWR, 0600));

    fd = must("open", open("folder", O_RDONLY | O_DIRECTORY));
    done("openat", openat(fd, "inside", O_CREAT | O_RDWR, 0600));
    value("it is there", access("folder/inside", F_OK));
    value("openat of a descriptor that is no folder", openat(0, "x", O_RDONLY));
    value("openat of no descriptor", openat(99, "x", O_RDONLY));
    done("openat of no descriptor with a whole path", openat(99, "/", O_RDONLY));
    value("bad pointer", open((char *)8, O_RDONLY));
    must("unlink", unlink("file"));
    value("open of what was removed", open("link", O_RDONLY));
    value("creat", creat("folder/x", 0600) < 0 ? -1 : 0);
    leave();
    return broken;
}
