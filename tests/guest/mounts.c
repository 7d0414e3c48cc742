// Mounting, in a name space of its own where there are such.
#include "guest.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>

static int count_in(const char *file, const char *word)
{
    static char text[65536];
    int fd = must(file, open(file, O_RDONLY)), sum = 0, got, count = 0;
    while ((got = read(fd, text + sum, sizeof text - 1 - sum)) > 0)
        sum += got;
    text[sum] = 0;
    close(fd);
    for (char *at = text; (at = strstr(at, word)); at++)
        count++;
    return count;
}

int main(void)
{
    struct statfs fs;
    struct stat a, b;
    char where[300], line[400];
    scratch();
    skip_unless(geteuid() == 0, "root");
    if (unshare(CLONE_NEWNS) == 0)
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    must("mkdir", mkdir("m", 0755));
    must("mkdir", mkdir("n", 0755));
    make_file("file", "a file", 0644);
    make_file("m/below", "x", 0644);
    getcwd(where, sizeof where);
    if (mount("none", "m", "tmpfs", 0, "mode=0711,size=1m") && errno == EPERM)
        skip_unless(0, "CAP_SYS_ADMIN");
    puts("mounted");
    value("what was below", access("m/below", F_OK));
    must("stat", stat("m", &a));
    printf("mode %o\n", a.st_mode & 07777);
    must("statfs", statfs("m", &fs));
    printf("type %lx, size %ld, name length %ld\n", (long)fs.f_type, (long)(fs.f_blocks * fs.f_bsize), (long)fs.f_namelen);
    must("stat", stat(".", &b));
    holds("another device", a.st_dev != b.st_dev);
    snprintf(line, sizeof line, "none %s/m tmpfs rw", where);
    value("in /proc/self/mounts", count_in("/proc/self/mounts", line));
    make_file("m/file", "content", 0644);
    value("rename across", rename("m/file", "file2"));
    value("link across", link("m/file", "file2"));
    value("rename of the mount point", rename("m", "m2"));
    value("rmdir of the mount point", rmdir("m"));

    // Room.
    static char block[65536];
    int fd = must("open", open("m/large", O_CREAT | O_WRONLY, 0600));
    long sum = 0, got;
    while ((got = write(fd, block, sizeof block)) > 0)
        sum += got;
    value("full", -1);
    holds("nearly a megabyte", sum > 900000 && sum <= 1048576);
    close(fd);
    value("unlink", unlink("m/large"));

    // Binding.
    value("bind a folder", mount("m", "n", NULL, MS_BIND, NULL));
    value("the file is there", access("n/file", F_OK));
    must("stat", stat("m/file", &a));
    must("stat", stat("n/file", &b));
    holds("the same", a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    value("read-only", mount(NULL, "n", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    value("write", open("n/new", O_CREAT | O_WRONLY, 0600));
    value("mkdir", mkdir("n/new", 0700));
    value("chmod", chmod("n/file", 0600));
    value("access for writing", access("n/file", W_OK));
    value("write through the other", open("m/new", O_CREAT | O_WRONLY, 0600) < 0 ? -1 : 0);
    value("bind a file", mount("m/file", "file", NULL, MS_BIND, NULL));
    fd = open("file", O_RDONLY);
    value("read", read(fd, line, 100));
    printf("%.7s\n", line);
    value("umount of a busy one", umount("file"));
    close(fd);
    value("umount", umount("file"));
    value("umount again", umount("file"));
    value("umount of nothing", umount("none"));
    value("bind a file on a folder", mount("file", "n", NULL, MS_BIND, NULL));

    // Inside one another.
    must("mkdir", mkdir("m/inner", 0755));
    value("a mount in a mount", mount("none", "m/inner", "tmpfs", 0, NULL));
    value("umount of the outer one", umount("m"));
    value("umount of the inner one", umount("m/inner"));
    value("umount", umount("n"));
    fd = open("m/file", O_RDONLY);
    value("umount of one in use", umount("m"));
    value("detach", umount2("m", MNT_DETACH));
    value("the open file lives", read(fd, line, 100));
    value("what was below is back", access("m/below", F_OK));
    value("an unknown type", mount("none", "m", "nofs", 0, NULL));
    value("mount on nothing", mount("none", "none", "tmpfs", 0, NULL));
    value("mount on a file", mount("none", "file", "tmpfs", 0, NULL));
    value("proc", mount("proc", "m", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    value("it has self", access("m/self/status", F_OK));
    must("statfs", statfs("m", &fs));
    printf("type %lx\n", (long)fs.f_type);
    value("umount", umount("m"));
    value("noexec", mount("none", "m", "tmpfs", MS_NOEXEC, NULL));
    make_file("m/script", "#!/bin/sh\n", 0755);
    value("execve", execl("m/script", "x", (char *)0));
    value("move", mount("m", "n", NULL, MS_MOVE, NULL));
    value("moved", access("n/script", F_OK));
    value("umount", umount("n"));
    leave();
    return broken;
}
