// The times of files: set, and changed by what is done with them.
#include "guest.h"
#include <sys/syscall.h>
#include <sys/time.h>
#include <utime.h>

static void times_of(const char *what, const char *path)
{
    struct stat st;
    must("lstat", lstat(path, &st));
    printf("%s: %ld.%09ld %ld.%09ld\n", what, (long)st.st_atim.tv_sec, st.st_atim.tv_nsec, (long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static const struct timespec old[2] = { { 1000, 5 }, { 2000, 7 } };

// Which of the times a deed sets to now: put back to long ago first. The time of change can only be compared.
static void deed(const char *what, const char *path, int (*act)(void))
{
    struct stat before, after;
    must("utimensat", utimensat(AT_FDCWD, path, old, 0));
    must("stat", stat(path, &before));
    nap(15);
    if (act() < 0)
        value(what, -1);
    must("stat", stat(path, &after));
    printf("%s: modified %d changed %d\n", what, after.st_mtime != 2000, after.st_ctim.tv_sec != before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec);
}

static int fd;
static int act_write(void) { return pwrite(fd, "x", 1, 0); }
static int act_write_nothing(void) { return pwrite(fd, "x", 0, 0); }
static int act_truncate(void) { return ftruncate(fd, 1); }
static int act_chmod(void) { return chmod("file", 0640); }
static int act_chown(void) { return chown("file", -1, getegid()); }
static int act_link(void) { return link("file", "second"); }
static int act_unlink(void) { return unlink("second"); }
static int act_rename(void) { return rename("file", "file2"); }
static int act_read(void) { char byte; return pread(fd, &byte, 1, 0); }
static int act_create(void) { return close(open("folder/new", O_CREAT | O_WRONLY, 0600)); }
static int act_create_there(void) { return close(open("folder/new", O_CREAT | O_WRONLY, 0600)); }
static int act_remove(void) { return unlink("folder/new"); }
static int act_open_truncate(void) { return close(open("file2", O_TRUNC | O_WRONLY)); }

int main(void)
{
    scratch();
    make_file("file", "content", 0600);
    must("symlink", symlink("file", "link"));
    value("utimensat", utimensat(AT_FDCWD, "file", old, 0));
    times_of("set", "file");
    struct timespec some[2] = { { 0, UTIME_OMIT }, { 3000, 999999999 } };
    value("only one", utimensat(AT_FDCWD, "file", some, 0));
    times_of("set", "file");
    some[0] = (struct timespec) { -5, 0 };
    some[1] = (struct timespec) { 1L << 31, 1 };
    value("before 1970 and after 2038", utimensat(AT_FDCWD, "file", some, 0));
    times_of("set", "file");
    some[0].tv_nsec = 1000000000;
    value("wrong nanoseconds", utimensat(AT_FDCWD, "file", some, 0));
    some[0].tv_nsec = UTIME_NOW;
    some[1].tv_nsec = UTIME_NOW;
    value("now", utimensat(AT_FDCWD, "file", some, 0));
    struct stat st;
    must("stat", stat("file", &st));
    long long difference = now(CLOCK_REALTIME) / 1000000000 - st.st_mtime;
    holds("it is now", difference >= 0 && difference < 10);
    value("the link itself", utimensat(AT_FDCWD, "link", old, AT_SYMLINK_NOFOLLOW));
    times_of("link", "link");
    value("through the link", utimensat(AT_FDCWD, "link", old, 0));
    times_of("file", "file");
    value("futimens", futimens(open("file", O_RDONLY), old));
    value("utimes", utimes("file", (struct timeval[2]) { { 10, 20 }, { 30, 40 } }));
    times_of("set", "file");
    value("utime", utime("file", &(struct utimbuf) { 50, 60 }));
    times_of("set", "file");
    value("of nothing", utimensat(AT_FDCWD, "none", old, 0));
    value("a bad pointer", syscall(SYS_utimensat, AT_FDCWD, "file", 8, 0));
    value("a wrong flag", utimensat(AT_FDCWD, "file", old, 1));

    fd = must("open", open("file", O_RDWR));
    must("mkdir", mkdir("folder", 0700));
    deed("write", "file", act_write);
    deed("write of nothing", "file", act_write_nothing);
    deed("truncate", "file", act_truncate);
    deed("truncate to the same", "file", act_truncate);
    deed("chmod", "file", act_chmod);
    deed("chown", "file", act_chown);
    deed("link", "file", act_link);
    deed("unlink", "file", act_unlink);
    deed("read", "file", act_read);
    deed("create in a folder", "folder", act_create);
    deed("open what is there", "folder", act_create_there);
    deed("remove from a folder", "folder", act_remove);
    must("rename", act_rename());
    deed("open, truncating", "file2", act_open_truncate);
    leave();
    return broken;
}
