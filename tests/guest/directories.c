// Folders: what is listed, places in the list, where a process is.
#include "guest.h"
#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path)
{
    char *lines[200];
    int count = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        value(path, -1);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        lines[count] = malloc(300);
        struct stat st;
        int inode = fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_ino == entry->d_ino || !strcmp(entry->d_name, ".."));
        snprintf(lines[count++], 300, "%s type %d%s", entry->d_name, entry->d_type, inode ? "" : " other inode");
    }
    closedir(folder);
    qsort(lines, count, sizeof *lines, by_name);
    printf("%s:\n", path);
    for (int i = 0; i < count; i++)
        printf("  %s\n", lines[i]);
}

static int count_entries(DIR *folder)
{
    int count = 0;
    while (readdir(folder))
        count++;
    return count;
}

int main(void)
{
    char text[512], small[20], name[300];
    scratch();
    must("mkdir", mkdir("folder", 0755));
    list("folder");
    make_file("folder/file", "x", 0600);
    must("mkdir", mkdir("folder/sub", 0755));
    must("symlink", symlink("nowhere", "folder/link"));
    must("mkfifo", mkfifo("folder/fifo", 0600));
    if (mknod("folder/null", S_IFCHR | 0600, makedev(1, 3)))
        skip_unless(0, "root");
    if (mknod("folder/block", S_IFBLK | 0600, makedev(1, 3)))
        skip_unless(0, "root");
    list("folder");
    list("none");
    list("folder/file");

    // Many, with some removed while listing.
    must("mkdir", mkdir("many", 0755));
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "many/%03d", i);
        close(must("create", open(name, O_CREAT | O_WRONLY, 0600)));
    }
    DIR *folder = opendir("many");
    value("entries", count_entries(folder));
    rewinddir(folder);
    value("again", count_entries(folder));
    rewinddir(folder);
    for (int i = 0; i < 100; i++)
        readdir(folder);
    long place = telldir(folder);
    struct dirent *entry = readdir(folder);
    snprintf(name, sizeof name, "%s", entry->d_name);
    count_entries(folder);
    seekdir(folder, place);
    holds("seekdir goes back to the same", !strcmp(readdir(folder)->d_name, name));
    value("the rest", count_entries(folder));
    rewinddir(folder);
    int removed = 0;
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            removed += unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    closedir(folder);
    value("removed while listing", removed);
    value("rmdir", rmdir("many"));

    int fd = must("open", open("folder", O_RDONLY | O_DIRECTORY));
    value("too little room", syscall(SYS_getdents64, fd, small, 10));
    value("no folder", syscall(SYS_getdents64, 0, text, sizeof text));
    value("no descriptor", syscall(SYS_getdents64, 99, text, sizeof text));
    holds("some at a time", syscall(SYS_getdents64, fd, text, 40) > 0);
    lseek(fd, 0, SEEK_SET);
    holds("all", syscall(SYS_getdents64, fd, text, sizeof text) > 150);
    value("and no more", syscall(SYS_getdents64, fd, text, sizeof text));
    lseek(fd, 0, SEEK_SET);
    value("a bad pointer", syscall(SYS_getdents64, fd, 8, 512));

    value("fchdir", fchdir(fd));
    getcwd(text, sizeof text);
    holds("getcwd", !strcmp(strrchr(text, '/'), "/folder"));
    holds("getcwd and /proc/self/cwd", readlink("/proc/self/cwd", text + 256, 255) == (ssize_t)strlen(text) && !strncmp(text, text + 256, strlen(text)));
    value("getcwd into too little", getcwd(small, 3) ? 0 : -1);
    value("chdir", chdir("sub"));
    value("chdir", chdir("../.."));
    value("chdir to a file", chdir("folder/file"));
    value("chdir to nothing", chdir("none"));
    value("chdir to an empty name", chdir(""));
    value("chdir to .", chdir("."));
    value("fchdir to no folder", fchdir(0));
    value("above the root", chdir("/../../.."));
    printf("%s\n", getcwd(text, sizeof text));
    // A folder that has moved under us.
    fchdir(fd);
    rename("../folder", "../moved");
    getcwd(text, sizeof text);
    holds("moved", !strcmp(strrchr(text, '/'), "/moved"));
    chdir("..");
    leave();
    return broken;
}
