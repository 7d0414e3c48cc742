// Capabilities: what becomes of the sets with user ids and programs, what each of them allows, and what is given up for good.
// Some machines do not give root all of them: only those of the first word that are tried here are looked at.
#include "guest.h"
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static const struct { int number; const char *name; } known[] = {
    { CAP_CHOWN, "chown" }, { CAP_DAC_OVERRIDE, "dac_override" }, { CAP_DAC_READ_SEARCH, "dac_read_search" }, { CAP_FOWNER, "fowner" }, { CAP_FSETID, "fsetid" },
    { CAP_KILL, "kill" }, { CAP_SETGID, "setgid" }, { CAP_SETUID, "setuid" }, { CAP_SETPCAP, "setpcap" }, { CAP_SYS_CHROOT, "sys_chroot" }, { CAP_SYS_NICE, "sys_nice" },
    { CAP_MKNOD, "mknod" }, { CAP_SETFCAP, "setfcap" },
};

struct sets { unsigned long effective, permitted, inheritable; };
#define BIT(capability) (1UL << (capability))

static int get(struct sets *sets)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];
    int result = syscall(SYS_capget, &header, data);
    sets->effective = data[0].effective | (unsigned long)data[1].effective << 32;
    sets->permitted = data[0].permitted | (unsigned long)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (unsigned long)data[1].inheritable << 32;
    return result;
}

static int set(unsigned long effective, unsigned long permitted, unsigned long inheritable)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { effective, permitted, inheritable }, { effective >> 32, permitted >> 32, inheritable >> 32 } };
    return syscall(SYS_capset, &header, data);
}

static void list(const char *what, unsigned long bits)
{
    unsigned long all = 0;
    for (size_t i = 0; i < COUNT(known); i++)
        all |= BIT(known[i].number);
    printf("  %s:", what);
    if ((bits & all) == all)
        printf(" all");
    else if (!(bits & all))
        printf(" none");
    else
        for (size_t i = 0; i < COUNT(known); i++)
            if (bits & BIT(known[i].number))
                printf(" %s", known[i].name);
    puts("");
}

static unsigned long bits(int option, int first)
{
    unsigned long result = 0;
    for (int i = 0; i < 32; i++)
        if ((first ? prctl(option, first, i, 0, 0) : prctl(option, i)) == 1)
            result |= BIT(i);
    return result;
}

static void show(const char *what)
{
    struct sets has;
    get(&has);
    puts(what);
    list("permitted", has.permitted);
    list("effective", has.effective);
    list("inheritable", has.inheritable);
    list("bounding", bits(PR_CAPBSET_READ, 0));
    list("ambient", bits(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
    printf("  user %d %d, secure bits %x, dumpable %d\n", (int)getuid(), (int)geteuid(), prctl(PR_GET_SECUREBITS), prctl(PR_GET_DUMPABLE));
}

// What /proc says is what capget says.
static void compare(void)
{
    struct sets has;
    get(&has);
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    unsigned long shown[3] = { 0 };
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "CapInh: %lx", &shown[0]);
        sscanf(line, "CapPrm: %lx", &shown[1]);
        sscanf(line, "CapEff: %lx", &shown[2]);
    }
    fclose(file);
    holds("the same in /proc", shown[0] == has.inheritable && shown[1] == has.permitted && shown[2] == has.effective);
}

static void users(void)
{
    struct sets has;
    show("as root");
    compare();
    must("setresuid", setresuid(-1, 500, -1));
    show("another effective user");
    value("setuid of the saved", setresuid(-1, 0, -1));
    show("and back");
    syscall(SYS_setfsuid, 500);
    show("another user for files");
    syscall(SYS_setfsuid, 0);
    show("and back");
    get(&has);
    value("fewer in force", set(has.effective & ~BIT(CAP_KILL), has.permitted, 0));
    value("with fewer, seteuid", seteuid(500));
    value("back", seteuid(0));
    show("all permitted are in force again");
    get(&has);
    value("fewer permitted", set(has.effective & ~BIT(CAP_CHOWN), has.permitted & ~BIT(CAP_CHOWN), BIT(CAP_KILL)));
    value("more in force than permitted", set(has.effective, has.permitted & ~BIT(CAP_CHOWN), 0));
    value("more permitted", set(0, has.permitted, 0));
    show("less one, and one to inherit");
    must("setresuid", setresuid(500, 500, 500));
    show("nobody any more");
    value("root again", setresuid(0, 0, 0));
    value("capset of nothing", set(0, 0, 0));
    value("to inherit what was", set(0, 0, BIT(CAP_KILL)));
    value("to inherit another", set(0, 0, BIT(CAP_CHOWN)));
}

static void kept(void)
{
    struct sets has;
    value("PR_SET_KEEPCAPS", prctl(PR_SET_KEEPCAPS, 1));
    value("PR_SET_KEEPCAPS of 2", prctl(PR_SET_KEEPCAPS, 2));
    must("setresuid", setresuid(500, 500, 500));
    show("kept, and not in force");
    get(&has);
    value("capset", set(BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_SETPCAP), has.permitted & (BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_SETPCAP)), BIT(CAP_KILL)));
    show("some of them");
    value("setuid of another", setuid(501));
    value("setgroups", setgroups(0, NULL));
    value("chown", chown("file", 500, 500));
    value("chmod", chmod("file", 0600));
    value("open", open("file", O_RDONLY) > 0 ? 1 : -1);
    value("chown away", chown("file", 600, 600));
    value("open what is another's", open("file", O_RDONLY));
    value("chmod of it", chmod("file", 0644));
    value("a device", mknod("device", S_IFCHR | 0600, makedev(1, 3)));
    value("a device in a directory of everybody's", mknod("open/device", S_IFCHR | 0600, makedev(1, 3)));
    value("and what hides a name there", mknod("open/hidden", S_IFCHR | 0600, 0));
    value("chroot", chroot("."));
    value("signal to one of root's", kill(getppid(), 0));
    value("nice", nice(-1));
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_max = 0;
    limit.rlim_cur = 0;
    value("setrlimit down", setrlimit(RLIMIT_CORE, &limit));
    limit.rlim_max = 1;
    value("and up", setrlimit(RLIMIT_CORE, &limit));
    value("PR_CAPBSET_DROP", prctl(PR_CAPBSET_DROP, CAP_CHOWN));
    value("of what is not there", prctl(PR_CAPBSET_DROP, 63));
    value("PR_CAPBSET_READ", prctl(PR_CAPBSET_READ, CAP_CHOWN));
    value("PR_CAPBSET_READ of what is not there", prctl(PR_CAPBSET_READ, 63));
    value("ambient, not inherited", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
    value("ambient, not permitted", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_MKNOD, 0, 0));
    value("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    value("ambient with more", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 1, 0));
    value("ambient of none", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 63, 0, 0));
    value("no such operation", prctl(PR_CAP_AMBIENT, 9, CAP_KILL, 0, 0));
    show("before a program");
    execl("./plain", "guest", "show", "with an ambient one", (char *)0);
}

static void secured(void)
{
    value("PR_SET_SECUREBITS of none", prctl(PR_SET_SECUREBITS, 1 << 20));
    value("PR_SET_SECUREBITS", prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_NOROOT | SECBIT_NO_CAP_AMBIENT_RAISE));
    value("of what is locked", prctl(PR_SET_SECUREBITS, 0));
    struct sets has;
    get(&has);
    value("capset", set(has.effective, has.permitted, BIT(CAP_KILL)));
    value("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    must("setresuid", setresuid(500, 500, 500));
    show("no fixup");
    must("setresuid", setresuid(0, 0, 0));
    execl("./plain", "guest", "show", "root is nobody", (char *)0);
}

static void bounded(void)
{
    value("PR_CAPBSET_DROP", prctl(PR_CAPBSET_DROP, CAP_MKNOD));
    value("a device", mknod("device", S_IFCHR | 0600, makedev(1, 3)));
    unlink("device");
    execl("./plain", "guest", "show", "without what is not in the bounding set", (char *)0);
}

static void fewer(void)
{
    must("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    value("capset", set(BIT(CAP_KILL), BIT(CAP_KILL), 0));
    execl("./plain", "guest", "show", "root with no new privileges", (char *)0);
}

static int role(char **argv)
{
    if (!strcmp(argv[1], "users"))
        users();
    if (!strcmp(argv[1], "kept"))
        kept();
    if (!strcmp(argv[1], "secured"))
        secured();
    if (!strcmp(argv[1], "bounded"))
        bounded();
    if (!strcmp(argv[1], "fewer"))
        fewer();
    if (!strcmp(argv[1], "becomes")) {
        if (!strcmp(argv[4], "inherits"))
            must("capset", set(0xffffffff & bits(PR_CAPBSET_READ, 0), 0xffffffff & bits(PR_CAPBSET_READ, 0), BIT(CAP_KILL) | BIT(CAP_CHOWN)));
        if (!strcmp(argv[4], "bound"))
            must("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        must("setresuid", setresuid(atoi(argv[2]), atoi(argv[2]), atoi(argv[2])));
        execl(argv[3], "guest", "show", "a file with capabilities", (char *)0);
        printf("execve: %s\n", strerror(errno));
        return 1;
    }
    if (!strcmp(argv[1], "show")) {
        show(argv[2]);
        printf("  secure %ld, no new privileges %d\n", getauxval(AT_SECURE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
        return 3;
    }
    return 0;
}

static void copy(const char *to)
{
    static char bytes[65536];
    int from = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    int fd = must(to, open(to, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755));
    for (ssize_t got; (got = must("read", read(from, bytes, sizeof bytes))) > 0; )
        must("write", write(fd, bytes, got));
    close(fd);
    close(from);
}

static int give(const char *path, unsigned long permitted, unsigned long inheritable, int effective)
{
    struct vfs_cap_data data = { VFS_CAP_REVISION_2 | effective, { { permitted, inheritable }, { permitted >> 32, inheritable >> 32 } } };
    return setxattr(path, "security.capability", &data, XATTR_CAPS_SZ_2, 0);
}

static void files(void)
{
    char buffer[100];
    copy("given");
    unsigned long some = BIT(CAP_KILL) | BIT(CAP_SETUID);
    value("a wrong size", setxattr("given", "security.capability", buffer, 5, 0));
    memset(buffer, 0, sizeof buffer);
    value("a wrong revision", setxattr("given", "security.capability", buffer, 20, 0));
    value("given, in force", give("given", some, 0, 1));
    outcome("somebody", START("becomes", "500", "./given", "plain"));
    outcome("root", START("becomes", "0", "./given", "plain"));
    outcome("with no new privileges", START("becomes", "500", "./given", "bound"));
    value("given, not in force", give("given", some, 0, 0));
    outcome("somebody", START("becomes", "500", "./given", "plain"));
    value("given to who inherits", give("given", BIT(CAP_SETUID), some, 1));
    outcome("who inherits", START("becomes", "500", "./given", "inherits"));
    outcome("who does not", START("becomes", "500", "./given", "plain"));
    value("nothing given", give("given", 0, 0, 0));
    outcome("somebody", START("becomes", "500", "./given", "inherits"));
    value("given again", give("given", some, 0, 1));
    must("chmod", chmod("given", 04755));
    outcome("of root's with its bit", START("becomes", "500", "./given", "plain"));
    value("read", getxattr("given", "security.capability", buffer, sizeof buffer));
    value("chown", chown("given", 0, 0));
    value("takes them", getxattr("given", "security.capability", buffer, sizeof buffer));
    value("given again", give("given", some, 0, 1));
    int fd = must("open", open("given", O_WRONLY | O_APPEND | O_CLOEXEC));
    value("write", write(fd, "x", 1));
    close(fd);
    value("takes them", getxattr("given", "security.capability", buffer, sizeof buffer));
    value("given again", give("given", some, 0, 1));
    struct stat status;
    stat("given", &status);
    value("truncate", truncate("given", status.st_size - 1));
    value("takes them", getxattr("given", "security.capability", buffer, sizeof buffer));
}

static void calls(void)
{
    struct __user_cap_header_struct header = { 0, 0 };
    struct __user_cap_data_struct data[2];
    value("capget of no version", syscall(SYS_capget, &header, data));
    holds("says which one", header.version == _LINUX_CAPABILITY_VERSION_3);
    header.version = 0;
    value("asked for nothing else", syscall(SYS_capget, &header, NULL));
    header = (struct __user_cap_header_struct) { _LINUX_CAPABILITY_VERSION_1, 0 };
    value("the first version", syscall(SYS_capget, &header, data));
    header.pid = -1;
    value("of less than nobody", syscall(SYS_capget, &header, data));
    header.pid = 0x7ffffff0;
    value("of nobody", syscall(SYS_capget, &header, data));
    header.version = _LINUX_CAPABILITY_VERSION_3;
    header.pid = 1;
    value("capset of somebody else", syscall(SYS_capset, &header, data));
    header.pid = getpid();
    value("capget of oneself", syscall(SYS_capget, &header, data));
    value("capset of the same", syscall(SYS_capset, &header, data));
    value("capset from nowhere", syscall(SYS_capset, &header, NULL));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    struct sets has;
    skip_unless(geteuid() == 0 && get(&has) == 0, "root");
    for (size_t i = 0; i < COUNT(known); i++)
        skip_unless(has.effective & BIT(known[i].number), "a root with capabilities");
    must("setgroups", setgroups(0, NULL));
    scratch();
    copy("plain");
    must("mkdir", mkdir("open", 0777));
    must("chmod", chmod("open", 0777));
    make_file("file", "text", 0644);
    skip_unless(give("plain", 0, 0, 0) == 0, "files with capabilities");
    must("removexattr", removexattr("plain", "security.capability"));
    calls();
    outcome("users", START("users"));
    outcome("kept", START("kept"));
    outcome("secured", START("secured"));
    outcome("bounded", START("bounded"));
    outcome("fewer", START("fewer"));
    files();
    leave();
    return broken;
}
