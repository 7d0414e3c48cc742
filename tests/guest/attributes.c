// Extended attributes of a user.
#include "guest.h"
#include <sys/xattr.h>

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path)
{
    char names[1000], *sorted[20];
    int count = 0, size = listxattr(path, names, sizeof names);
    if (size < 0) {
        value(path, -1);
        return;
    }
    for (char *name = names; name < names + size; name += strlen(name) + 1)
        if (!strncmp(name, "user.", 5) && count < 20)
            sorted[count++] = name;
    qsort(sorted, count, sizeof *sorted, by_text);
    printf("%s:", path);
    for (int i = 0; i < count; i++)
        printf(" %s", sorted[i]);
    puts("");
}

int main(void)
{
    char bytes[300] = "";
    scratch();
    make_file("file", "x", 0644);
    must("symlink", symlink("file", "link"));
    must("mkfifo", mkfifo("fifo", 0644));
    must("mkdir", mkdir("folder", 0755));
    if (setxattr("file", "user.one", "first", 5, 0) && errno == EOPNOTSUPP)
        skip_unless(0, "a file system with attributes");
    value("set another", setxattr("file", "user.two", "", 0, 0));
    list("file");
    value("get", getxattr("file", "user.one", bytes, sizeof bytes));
    puts(bytes);
    value("its size", getxattr("file", "user.one", NULL, 0));
    value("into too little", getxattr("file", "user.one", bytes, 2));
    value("an empty one", getxattr("file", "user.two", bytes, sizeof bytes));
    value("none", getxattr("file", "user.none", bytes, sizeof bytes));
    value("of nothing", getxattr("none", "user.one", bytes, sizeof bytes));
    value("create what is there", setxattr("file", "user.one", "x", 1, XATTR_CREATE));
    value("replace what is not", setxattr("file", "user.none", "x", 1, XATTR_REPLACE));
    value("replace", setxattr("file", "user.one", "second", 6, XATTR_REPLACE));
    value("get", getxattr("link", "user.one", bytes, sizeof bytes));
    value("a wrong flag", setxattr("file", "user.one", "x", 1, 99));
    value("no name space", setxattr("file", "name", "x", 1, 0));
    value("an empty name", setxattr("file", "", "x", 1, 0));
    char name[300];
    memset(name, 'n', sizeof name);
    memcpy(name, "user.", 5);
    name[256] = 0;
    value("a name of 256", setxattr("file", name, "x", 1, 0));
    static char large[70000];
    value("a value of 70000", setxattr("file", "user.large", large, sizeof large, 0));
    value("of a link", lsetxattr("link", "user.one", "x", 1, 0));
    value("of a fifo", setxattr("fifo", "user.one", "x", 1, 0));
    value("of a folder", setxattr("folder", "user.one", "x", 1, 0));
    list("folder");
    holds("list into too little", listxattr("file", bytes, 3) == -1 && errno == ERANGE);
    int fd = must("open", open("file", O_RDONLY));
    value("by a descriptor", fgetxattr(fd, "user.one", bytes, sizeof bytes));
    value("remove", removexattr("file", "user.one"));
    value("remove again", removexattr("file", "user.one"));
    value("remove by a descriptor", fremovexattr(fd, "user.two"));
    list("file");
    leave();
    return broken;
}
