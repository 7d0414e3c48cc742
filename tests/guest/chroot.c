// Another root for a process and its children.
#include "guest.h"

int main(int argc, char **argv)
{
    char text[300];
    struct stat st;
    if (argc > 1) {
        printf("child: %s, /marker is there: %d\n", getcwd(text, sizeof text) ? text : strerror(errno), access("/marker", F_OK) == 0);
        return 0;
    }
    skip_unless(geteuid() == 0, "root");
    scratch();
    must("mkdir", mkdir("root", 0755));
    must("mkdir", mkdir("root/sub", 0755));
    must("mkdir", mkdir("root/proc", 0755));
    make_file("root/marker", "inside", 0644);
    make_file("outside", "outside", 0644);
    must("symlink", symlink("/marker", "root/absolute"));
    must("symlink", symlink("../../../marker", "root/sub/up"));
    int out = must("open", open(".", O_RDONLY)), self = must("open", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    value("chroot to nothing", chroot("none"));
    value("chroot to a file", chroot("outside"));
    value("chroot", chroot("root"));
    value("the current directory is where it was", access("outside", F_OK));
    holds("getcwd says so", !getcwd(text, sizeof text) || !strncmp(text, "(unreachable)", 13));
    value("chdir", chdir("/"));
    printf("%s\n", getcwd(text, sizeof text));
    value("/marker", access("/marker", F_OK));
    value("above", chdir(".."));
    value("still inside", access("marker", F_OK));
    value("/../../marker", access("/../../marker", F_OK));
    value("outside", access("/../outside", F_OK));
    value("an absolute link", stat("/absolute", &st));
    value("a relative link", stat("/sub/up", &st));
    value("chdir", chdir("/sub"));
    printf("%s\n", getcwd(text, sizeof text));
    value("no /proc here", access("/proc/self", F_OK));
    pid_t child = vfork();
    if (child == 0) {
        fexecve(self, (char *[]) { "guest", "look", NULL }, (char *[]) { NULL });
        _exit(errno == ENOENT ? 99 : 98);
    }
    outcome("child by a descriptor from outside", child);
    // The way out that the superuser has.
    value("fchdir", fchdir(out));
    value("outside", access("outside", F_OK));
    for (int i = 0; i < 20; i++)
        chdir("..");
    value("chroot to the real one", chroot("."));
    value("/proc", access("/proc/self", F_OK));
    fchdir(out);
    leave();
    return broken;
}
