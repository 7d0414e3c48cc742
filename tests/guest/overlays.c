// An overlay: what is below shows through, what is written goes up, and what is removed leaves a mark. In a name space of its own where there are such.
#include "guest.h"
#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static void list(const char *folder)
{
    struct dirent *entry;
    char *names[64];
    int count = 0;
    DIR *open = opendir(folder);
    if (!open) {
        printf("%s: %s\n", folder, strerror(errno));
        return;
    }
    while ((entry = readdir(open))) {
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        if (fstatat(dirfd(open), entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
            printf("%s: %s\n", entry->d_name, strerror(errno));
        names[count++] = strdup(entry->d_name);
    }
    closedir(open);
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (strcmp(names[i], names[j]) > 0) {
                char *name = names[i];
                names[i] = names[j];
                names[j] = name;
            }
    printf("%s:", folder);
    for (int i = 0; i < count; i++) {
        printf(" %s", names[i]);
        free(names[i]);
    }
    putchar('\n');
}

static void show(const char *path)
{
    char text[100];
    int fd = open(path, O_RDONLY), got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (got < 0)
        printf("%s: %s\n", path, strerror(errno));
    else
        printf("%s: %.*s\n", path, got, text);
    close(fd);
}

static void append(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_APPEND);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("append %s: %s\n", path, strerror(errno));
    close(fd);
}

static int is_whiteout(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

static void files(void)
{
    struct stat before, after;
    puts("-- files");
    show("m/file");
    must("stat", stat("m/file", &before));
    int reader = must("open", open("m/file", O_RDONLY));
    char *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reader, 0);
    append("m/file", " and more");
    must("stat", stat("m/file", &after));
    holds("the number stays", before.st_ino == after.st_ino && before.st_dev == after.st_dev);
    printf("size %ld, mode %o\n", (long)after.st_size, after.st_mode & 07777);
    show("m/file");
    show("l/file");
    show("u/file");
    char text[100];
    int got = pread(reader, text, sizeof text, 0);
    printf("who had it open reads: %.*s\n", got, text);
    printf("who had it mapped sees: %.*s\n", 8, mapped);
    munmap(mapped, 4096);
    close(reader);

    value("chmod", chmod("m/other", 0600));
    must("stat", stat("l/other", &before));
    must("stat", stat("u/other", &after));
    printf("mode below %o, above %o, as long %d\n", before.st_mode & 07777, after.st_mode & 07777, before.st_size == after.st_size);
    holds("as old as it was", before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);

    value("unlink", unlink("m/gone"));
    value("open", open("m/gone", O_RDONLY));
    holds("a whiteout", is_whiteout("u/gone"));
    show("l/gone");
    make_file("m/gone", "anew", 0644);
    show("m/gone");
    value("unlink", unlink("m/gone"));
    holds("a whiteout again", is_whiteout("u/gone"));

    int cut = open("m/cut", O_WRONLY | O_TRUNC);
    must("stat", fstat(cut, &after));
    printf("cut to %ld\n", (long)after.st_size);
    close(cut);
    show("l/cut");
    list("m");
}

static void names(void)
{
    puts("-- names");
    value("rename of a file", rename("m/dir/one", "m/dir/first"));
    holds("a whiteout", is_whiteout("u/dir/one"));
    show("m/dir/first");
    list("m/dir");
    value("rename of a directory that is below", rename("m/dir", "m/moved"));
    value("mkdir", mkdir("m/new", 0755));
    make_file("m/new/file", "x", 0644);
    value("rename of one that is not", rename("m/new", "m/newer"));
    list("m/newer");
    value("link", link("m/linked", "m/dir/again"));
    struct stat one, two;
    must("stat", stat("m/linked", &one));
    must("stat", stat("m/dir/again", &two));
    printf("links %d %d, same %d\n", (int)one.st_nlink, (int)two.st_nlink, one.st_ino == two.st_ino);
    append("m/dir/again", "!");
    show("m/linked");
    show("l/linked");
    value("rmdir of what is not empty", rmdir("m/full"));
    value("unlink", unlink("m/full/x"));
    value("unlink", unlink("m/full/y"));
    value("rmdir", rmdir("m/full"));
    holds("a whiteout", is_whiteout("u/full"));
    value("mkdir over it", mkdir("m/full", 0755));
    list("m/full");
    char value_of[4] = "";
    value("opaque", getxattr("u/full", "trusted.overlay.opaque", value_of, sizeof value_of));
    puts(value_of);
    value("hidden", getxattr("m/full", "trusted.overlay.opaque", value_of, sizeof value_of));
    value("a whiteout is not made by hand", mknod("m/white", S_IFCHR, makedev(0, 0)));
    list("m");
}

static void layers(const char *where)
{
    char options[1000];
    struct statfs fs;
    puts("-- layers");
    must("statfs", statfs("m", &fs));
    printf("type %lx\n", (long)fs.f_type);
    int fd = done("O_TMPFILE", open("m/dir", O_TMPFILE | O_RDWR, 0644));
    char self[100];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    value("write", write(fd, "late", 4));
    value("linkat", linkat(AT_FDCWD, self, AT_FDCWD, "m/dir/late", AT_SYMLINK_FOLLOW));
    close(fd);
    show("m/dir/late");
    value("umount", umount("m"));
    snprintf(options, sizeof options, "lowerdir=%s/u:%s/l", where, where);
    value("both to read only", mount("overlay", "m", "overlay", 0, options));
    list("m");
    list("m/dir");
    list("m/full");
    value("write", open("m/file", O_WRONLY));
    value("mkdir", mkdir("m/x", 0755));
    value("umount", umount("m"));
    snprintf(options, sizeof options, "lowerdir=%s/l", where);
    value("one layer", mount("overlay", "m", "overlay", 0, options));
    snprintf(options, sizeof options, "lowerdir=%s/l,upperdir=%s/u", where, where);
    value("no work directory", mount("overlay", "m", "overlay", 0, options));
    snprintf(options, sizeof options, "lowerdir=%s/l,upperdir=%s/u,workdir=%s/u", where, where, where);
    value("one for both", mount("overlay", "m", "overlay", 0, options));
    snprintf(options, sizeof options, "lowerdir=%s/none,upperdir=%s/u,workdir=%s/w", where, where, where);
    value("nothing there", mount("overlay", "m", "overlay", 0, options));
    snprintf(options, sizeof options, "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w,nonsense", where, where, where);
    value("nonsense", mount("overlay", "m", "overlay", 0, options));
}

int main(void)
{
    char where[300], options[1000];
    scratch();
    skip_unless(geteuid() == 0, "root");
    if (unshare(CLONE_NEWNS) == 0)
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    must("mkdir", mkdir("t", 0755));
    skip_unless(mount("none", "t", "tmpfs", 0, "mode=0755,size=4m") == 0, "CAP_SYS_ADMIN");
    must("chdir", chdir("t"));
    getcwd(where, sizeof where);
    for (const char *name = "luwm"; *name; name++)
        must("mkdir", mkdir((char[]) { *name, 0 }, 0755));
    make_file("l/file", "as it was", 0640);
    make_file("l/other", "other", 0644);
    make_file("l/gone", "still here", 0644);
    make_file("l/cut", "long", 0644);
    make_file("l/linked", "linked", 0644);
    must("mkdir", mkdir("l/dir", 0755));
    make_file("l/dir/one", "1", 0644);
    make_file("l/dir/two", "2", 0644);
    must("mkdir", mkdir("l/full", 0755));
    make_file("l/full/x", "x", 0644);
    make_file("l/full/y", "y", 0644);
    must("symlink", symlink("dir/two", "l/link"));
    must("mkdir", mkdir("u/dir", 0755));
    make_file("u/dir/three", "3", 0644);
    snprintf(options, sizeof options, "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w", where, where, where);
    skip_unless(mount("overlay", "m", "overlay", 0, options) == 0, "overlayfs");
    list("m");
    list("m/dir");
    show("m/link");
    files();
    names();
    layers(where);
    must("chdir", chdir(".."));
    value("umount", umount2("t", MNT_DETACH));
    must("rmdir", rmdir("t"));
    leave();
    return broken;
}
