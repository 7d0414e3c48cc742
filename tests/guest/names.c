// Names: links hard and symbolic, renaming, removing, and loops.
#include "guest.h"
#include <sys/syscall.h>

static void contents(const char *path)
{
    char text[100];
    int fd = open(path, O_RDONLY);
    int got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (got < 0)
        value(path, -1);
    else
        printf("%s holds %.*s\n", path, got, text);
    close(fd);
}

static int links(const char *path)
{
    struct stat st;
    return lstat(path, &st) ? -1 : (int)st.st_nlink;
}

int main(void)
{
    struct stat st, other;
    char text[100];
    scratch();
    make_file("a", "A", 0600);
    make_file("b", "B", 0600);
    must("mkdir", mkdir("d", 0700));
    must("mkdir", mkdir("e", 0700));

    value("link", link("a", "a2"));
    value("links", links("a"));
    must("stat", stat("a", &st));
    must("stat", stat("a2", &other));
    holds("one file", st.st_ino == other.st_ino);
    value("link to what is there", link("a", "b"));
    value("link of nothing", link("none", "x"));
    value("link of a folder", link("d", "x"));
    value("link to itself", link("a", "a"));
    value("unlink", unlink("a2"));
    value("links", links("a"));

    value("symlink", symlink("a", "s"));
    value("readlink", readlink("s", text, sizeof text));
    value("readlink into less", readlink("s", text, 0));
    value("readlink of a file", readlink("a", text, sizeof text));
    contents("s");
    must("lstat", lstat("s", &st));
    printf("link %d, size %d, mode %o\n", S_ISLNK(st.st_mode), (int)st.st_size, st.st_mode & 07777);
    value("symlink to what is there", symlink("x", "s"));
    value("an empty symlink", symlink("", "x"));
    value("symlink to a folder", symlink("d", "sd"));
    value("through it", mkdir("sd/in", 0700));
    value("link of a link is of the link", link("s", "s2"));
    must("lstat", lstat("s2", &st));
    holds("it is one", S_ISLNK(st.st_mode));
    must("unlink", unlink("s2"));
    symlink("loop2", "loop1");
    symlink("loop1", "loop2");
    value("a loop", open("loop1", O_RDONLY));
    value("a loop on the way", open("loop1/x", O_RDONLY));
    value("lstat of a loop", lstat("loop1", &st));
    symlink("a", "n0");
    for (int i = 1; i <= 41; i++) {
        char from[12], to[12];
        snprintf(from, sizeof from, "n%d", i - 1);
        snprintf(to, sizeof to, "n%d", i);
        symlink(from, to);
    }
    value("40 links in a row", access("n39", F_OK));
    value("41 links in a row", access("n40", F_OK));

    value("rename", rename("a", "c"));
    contents("a");
    contents("c");
    contents("s");
    value("rename over a file", rename("c", "b"));
    contents("b");
    value("rename of nothing", rename("none", "x"));
    value("rename to itself", rename("b", "b"));
    must("link", link("b", "b2"));
    value("rename to another name of itself", rename("b", "b2"));
    value("links", links("b"));
    value("file over folder", rename("b", "e"));
    value("folder over file", rename("e", "b"));
    value("folder over empty folder", rename("e", "d/in"));
    must("mkdir", mkdir("e", 0700));
    value("folder over full folder", rename("e", "d"));
    value("folder into itself", rename("d", "d/in/x"));
    value("rename of .", rename(".", "x"));
    value("rename of d/.", rename("d/.", "x"));
    value("rename to d/..", rename("e", "d/.."));
    value("file with a slash", rename("b", "x/"));
    value("folder with a slash", rename("e/", "f/"));
    value("rename of a link", rename("s", "s3"));
    must("lstat", lstat("s3", &st));
    holds("still a link", S_ISLNK(st.st_mode));
    make_file("x", "X", 0600);
    value("RENAME_NOREPLACE", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "b", 1));
    value("RENAME_EXCHANGE", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "b", 2));
    contents("x");
    contents("b");
    value("exchange with a folder", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "f", 2));
    must("stat", stat("x", &st));
    holds("is a folder now", S_ISDIR(st.st_mode));
    value("exchange with nothing", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "none", 2));
    value("both at once", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "b", 3));

    value("mkdir", mkdir("m", 0751));
    value("links of a folder", links("m"));
    value("mkdir again", mkdir("m", 0700));
    value("mkdir of a file's name", mkdir("b", 0700));
    value("mkdir below a file", mkdir("b/x", 0700));
    value("mkdir below nothing", mkdir("none/x", 0700));
    value("mkdir m/n/", mkdir("m/n/", 0700));
    value("links of a folder", links("m"));
    value("mkdir of /", mkdir("/", 0700));
    value("rmdir of a full one", rmdir("m"));
    value("rmdir", rmdir("m/n"));
    value("rmdir of .", rmdir("m/."));
    value("rmdir of ..", rmdir("m/.."));
    value("rmdir of a file", rmdir("b"));
    value("unlink of a folder", unlink("m"));
    value("unlinkat of a folder", unlinkat(AT_FDCWD, "m", AT_REMOVEDIR));
    value("unlinkat with a wrong flag", unlinkat(AT_FDCWD, "b", 1));
    value("unlink of nothing", unlink("none"));
    value("unlink with a slash", unlink("b/"));
    value("unlink of an empty name", unlink(""));
    value("rmdir of /", rmdir("/"));

    // A file without a name is there until the last descriptor.
    int fd = must("open", open("b", O_RDWR));
    value("unlink", unlink("b"));
    must("fstat", fstat(fd, &st));
    value("links", st.st_nlink);
    value("write", pwrite(fd, "still here", 10, 0));
    value("read", pread(fd, text, sizeof text, 0));
    // And a folder without a name is an empty one that nothing can be put into.
    must("mkdir", mkdir("t", 0700));
    must("chdir", chdir("t"));
    value("rmdir of where we are", rmdir("../t"));
    value("getcwd", getcwd(text, sizeof text) ? 0 : -1);
    value("create there", open("x", O_CREAT | O_RDWR, 0600));
    value("up from there", chdir(".."));
    value("a path through a file", access("x/../b2", F_OK));
    value("mknod of a file", mknod("node", S_IFREG | 0600, 0));
    value("mknod of a folder", mknod("node2", S_IFDIR | 0600, 0));
    leave();
    return broken;
}
