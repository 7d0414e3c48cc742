// Namespaces of names, of System V's IPC and of mounts (namespaces(7)): by unshare, by clone, by setns; who sees what, and what goes with the last who was in one.
#include "guest.h"
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static void kinds(const char *what, int pid, int other)
{
    static const char *const names[] = { "ipc", "mnt", "uts" };
    printf("%s:", what);
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[64], mine[64], theirs[64];
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        ssize_t length = readlink(path, mine, sizeof mine - 1);
        mine[length > 0 ? length : 0] = 0;
        snprintf(path, sizeof path, "/proc/%d/ns/%s", other, names[i]);
        length = readlink(path, theirs, sizeof theirs - 1);
        theirs[length > 0 ? length : 0] = 0;
        struct stat status, second;
        unsigned number = 0;
        if (sscanf(mine + 4, "[%u]", &number) != 1 || strncmp(mine, names[i], 3) || stat(path, &second))
            printf(" [%s]", mine);
        snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, names[i]);
        if (stat(path, &status) || status.st_ino != number || !S_ISREG(status.st_mode) || (status.st_mode & 0777) != 0444)
            printf(" (stat)");
        int same = !strcmp(mine, theirs);
        if (same != (status.st_ino == second.st_ino && status.st_dev == second.st_dev))
            printf(" (other files)");
        printf(" %s %s", names[i], same ? "the same" : "another");
    }
    puts("");
}

static void name(const char *what)
{
    struct utsname names;
    char text[100] = "";
    uname(&names);
    int fd = open("/proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got > 0 && text[got - 1] == '\n')
        text[got - 1] = 0;
    printf("%s: %s, in /proc %s, domain %s\n", what, names.nodename, strcmp(text, names.nodename) ? text : "the same", names.domainname);
}

// Somebody who stays in our namespaces until the descriptor is closed.
static pid_t holder(int *hold)
{
    int ends[2];
    must("pipe", pipe2(ends, O_CLOEXEC));
    pid_t child = vfork();
    if (child == 0) {
        dup2(ends[0], 60);
        execl("/proc/self/exe", "guest", "holds", (char *)0);
        _exit(126);
    }
    close(ends[0]);
    *hold = ends[1];
    return must("vfork", child);
}

static void uts(void)
{
    must("unshare", unshare(CLONE_NEWUTS));
    must("sethostname", sethostname("first", 5));
    must("setdomainname", setdomainname("domain", 6));
    name("set");
    int hold;
    pid_t child = holder(&hold);
    must("unshare", unshare(CLONE_NEWUTS));
    name("a copy");
    must("sethostname", sethostname("second", 6));
    int file = must("open", open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC));
    must("write", write(file, "third\n", 6));
    close(file);
    name("written");
    kinds("another's", getpid(), child);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/uts", child);
    int space = must("ns", open(path, O_RDONLY | O_CLOEXEC));
    int pidfd = must("pidfd", syscall(SYS_pidfd_open, child, 0));
    value("setns of another kind", setns(space, CLONE_NEWIPC));
    value("setns of two", setns(space, CLONE_NEWIPC | CLONE_NEWUTS));
    value("setns of no namespace", setns(hold, 0));
    value("setns of nothing", setns(999, 0));
    value("setns by a process, of none", setns(pidfd, 0));
    value("to write", open(path, O_RDWR));
    char byte;
    value("read", read(space, &byte, 1));
    value("setns by a process", setns(pidfd, CLONE_NEWUTS));
    name("there");
    kinds("and now", getpid(), child);
    must("unshare", unshare(CLONE_NEWUTS));
    close(hold);
    outcome("who was there first", child);
    value("setns by a process that has ended", setns(pidfd, CLONE_NEWUTS));
    value("setns", setns(space, 0));
    name("there still, since somebody had it open");
    value("gone", open(path, O_RDONLY));
}

static void ipc(void)
{
    must("unshare", unshare(CLONE_NEWIPC));
    int id = must("shmget", shmget(0x4711, 8192, IPC_CREAT | IPC_EXCL | 0600));
    int queue = must("msgget", msgget(0x4712, IPC_CREAT | IPC_EXCL | 0600));
    char *memory = shmat(id, NULL, 0);
    strcpy(memory, "shown");
    int before = must("ns", open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC));
    must("unshare", unshare(CLONE_NEWIPC));
    value("shmget", shmget(0x4711, 8192, 0600));
    value("msgget", msgget(0x4712, 0600));
    struct shmid_ds status;
    value("shmctl of its number", shmctl(id, IPC_STAT, &status));
    printf("what is attached stays: %s\n", memory);
    value("shmdt", shmdt(memory));
    value("another of the same key", shmget(0x4711, 100, IPC_CREAT | IPC_EXCL | 0600) >= 0 ? 0 : -1);
    char text[2000];
    int fd = must("shm", open("/proc/sysvipc/shm", O_RDONLY | O_CLOEXEC));
    ssize_t got = read(fd, text, sizeof text - 1), lines = 0;
    for (ssize_t i = 0; i < got; i++)
        lines += text[i] == '\n';
    close(fd);
    value("lines in /proc", lines);
    fd = must("msgmni", open("/proc/sys/kernel/msgmni", O_RDWR | O_CLOEXEC));
    value("write", write(fd, "1", 1));
    close(fd);
    value("one queue", msgget(1, IPC_CREAT | 0600) >= 0 ? 0 : -1);
    value("two queues", msgget(2, IPC_CREAT | 0600));
    value("setns", setns(before, CLONE_NEWIPC));
    value("as it was", msgget(2, IPC_CREAT | 0600) >= 0 ? 0 : -1);
    memory = shmat(id, NULL, 0);
    printf("shown again: %s\n", memory);
    shmctl(id, IPC_RMID, NULL);
    msgctl(queue, IPC_RMID, NULL);
    msgctl(msgget(2, 0600), IPC_RMID, NULL);
}

static int has(const char *path) { return access(path, F_OK) == 0; }

static int mounted(const char *place)
{
    static char text[65536];
    int fd = must("mounts", open("/proc/self/mounts", O_RDONLY | O_CLOEXEC)), size = 0;
    for (ssize_t got; (got = read(fd, text + size, sizeof text - 1 - size)) > 0; )
        size += got;
    text[size] = 0;
    close(fd);
    return strstr(text, place) != NULL;
}

static void mounts(void)
{
    int hold;
    char byte, path[300];
    must("mkdir", mkdir("place", 0755));
    must("mkdir", mkdir("second", 0755));
    make_file("place/below", "below", 0644);
    int before = must("ns", open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    must("unshare", unshare(CLONE_NEWNS));
    // As everywhere where mounts may propagate: nothing of ours to others.
    must("private", mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
    holds("where it was", has("place/below"));
    must("mount", mount("none", "place", "tmpfs", 0, NULL));
    make_file("place/inside", "inside", 0644);
    pid_t child = holder(&hold);
    printf("in ours: below %d, inside %d, listed %d\n", has("place/below"), has("place/inside"), mounted("/place tmpfs"));
    int space = must("ns", open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
    must("getcwd", getcwd(path, sizeof path) != NULL);
    value("setns", setns(before, CLONE_NEWNS));
    holds("at the root now", has("proc") && getcwd(path + 200, 100) && !strcmp(path + 200, "/"));
    must("chdir", chdir(path));
    printf("in the first: below %d, inside %d, listed %d\n", has("place/below"), has("place/inside"), mounted("/place tmpfs"));
    value("setns back", setns(space, 0));
    must("chdir", chdir(path));
    printf("back: below %d, inside %d\n", has("place/below"), has("place/inside"));
    // A copy of the copy: each is changed alone.
    must("unshare", unshare(CLONE_NEWNS));
    must("umount", umount("place"));
    must("mount", mount("none", "second", "tmpfs", 0, NULL));
    printf("in a third: below %d, inside %d, second %d\n", has("place/below"), has("place/inside"), mounted("/second tmpfs"));
    char other[400];
    snprintf(other, sizeof other, "/proc/%d/root%s/place/inside", child, path);
    printf("by a process in the second: %d\n", has(other));
    snprintf(other, sizeof other, "/proc/%d/cwd", child);
    must("chdir", chdir(other));
    printf("where it stands: below %d, inside %d\n", has("place/below"), has("place/inside"));
    value("mount there", mount("none", "second", "tmpfs", 0, NULL));
    value("unmount there", umount("place"));
    must("chdir", chdir(path));
    must("umount", umount("second"));
    // The last who is in the second takes its mounts along.
    close(space);
    close(hold);
    outcome("who was in the second", child);
    value("setns", setns(before, CLONE_NEWNS));
    must("chdir", chdir(path));
    value("rmdir of what was mounted on", rmdir("second"));
    byte = has("place/below");
    value("as it was", byte);
}

static int told(void *argument)
{
    static char text[120];
    struct utsname names;
    sethostname("child", 5);
    uname(&names);
    snprintf(text, sizeof text, "in clone's child: %s\n", names.nodename);
    write(1, text, strlen(text));
    kinds("its maker's", getpid(), getppid());
    _exit(21);
}

static void cloned(int flags, const char *what)
{
    static char stack[65536] __attribute__((aligned(16)));
    fflush(stdout);
    pid_t child = clone(told, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD | flags, NULL);
    if (child < 0)
        value(what, -1);
    else
        outcome(what, child);
}

static void errors(void)
{
    value("unshare of nothing", unshare(0));
    value("of files and places", unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
    value("of an unknown flag", unshare(CLONE_SETTLS));
    value("of threads, alone", unshare(CLONE_THREAD));
    value("of memory, alone", unshare(CLONE_VM));
    value("mounts with places", syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    must("setresuid", setresuid(500, 500, 500));
    value("nobody's unshare", unshare(CLONE_NEWUTS));
    value("nobody's mounts", unshare(CLONE_NEWNS));
    value("nobody's clone", syscall(SYS_clone, CLONE_NEWIPC | SIGCHLD, 0, 0, 0, 0));
    int own = must("ns", open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
    value("nobody's setns", setns(own, 0));
    char path[64], text[100];
    snprintf(path, sizeof path, "/proc/%d/ns/uts", (int)getppid());
    value("root's namespace", readlink(path, text, sizeof text));
    value("what anybody may unshare", unshare(CLONE_FILES | CLONE_FS));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte;
        if (!strcmp(argv[1], "holds")) {
            while (read(60, &byte, 1) > 0)
                ;
            return 6;
        }
        scratch();
        if (!strcmp(argv[1], "uts"))
            uts();
        if (!strcmp(argv[1], "ipc"))
            ipc();
        if (!strcmp(argv[1], "mounts"))
            mounts();
        if (!strcmp(argv[1], "cloned")) {
            must("unshare", unshare(CLONE_NEWUTS));
            must("sethostname", sethostname("parent", 6));
            must("setdomainname", setdomainname("domain", 6));
            cloned(CLONE_NEWUTS, "names");
            cloned(CLONE_NEWIPC | CLONE_NEWNS, "ipc and mounts");
            cloned(0, "none");
            cloned(CLONE_NEWIPC | CLONE_SYSVSEM, "ipc with semaphores");
            name("the maker's at last");
        }
        leave();
        if (!strcmp(argv[1], "errors"))
            errors();
        return broken;
    }
    skip_unless(geteuid() == 0, "root");
    pid_t child = vfork();
    if (child == 0)
        _exit(unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS) != 0);
    int status;
    waitpid(child, &status, 0);
    skip_unless(status == 0, "namespaces");
    outcome("uts", START("uts"));
    outcome("ipc", START("ipc"));
    outcome("mounts", START("mounts"));
    outcome("cloned", START("cloned"));
    outcome("errors", START("errors"));
    return broken;
}
