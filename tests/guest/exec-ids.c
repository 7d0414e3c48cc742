// Programs that run as the owner of their file (S_ISUID, S_ISGID): who they are, what of their caller they keep, and where the bits count for nothing.
#include "guest.h"
#include <grp.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const char *name;

static void whoami(void)
{
    uid_t r, e, s;
    gid_t gr, ge, gs;
    getresuid(&r, &e, &s);
    getresgid(&gr, &ge, &gs);
    printf("  user %d %d %d group %d %d %d, secure %ld, vector %ld %ld %ld %ld\n", (int)r, (int)e, (int)s, (int)gr, (int)ge, (int)gs, getauxval(AT_SECURE),
        getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID));
    int death = -1;
    prctl(PR_GET_PDEATHSIG, &death);
    struct rlimit stack;
    getrlimit(RLIMIT_STACK, &stack);
    printf("  dumpable %d, death signal %d, stack %s, no new privileges %d, keeps capabilities %d\n", prctl(PR_GET_DUMPABLE), death,
        stack.rlim_cur == RLIM_INFINITY ? "unlimited" : stack.rlim_cur == 8 << 20 ? "8 MiB" : "another", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_KEEPCAPS));
    printf("  files are made as %d %d\n", (int)(syscall(SYS_setfsuid, -1)), (int)syscall(SYS_setfsgid, -1));
}

// As a user of one's own, runs a program.
static int becomes(char **argv)
{
    int user = atoi(argv[2]), group = atoi(argv[3]);
    must("setgroups", setgroups(0, NULL));
    must("setresgid", setresgid(group, group, group));
    must("setresuid", setresuid(user, user, user));
    must("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 1));
    must("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, SIGURG));
    struct rlimit stack;
    getrlimit(RLIMIT_STACK, &stack);
    stack.rlim_cur = stack.rlim_max;
    must("RLIMIT_STACK", setrlimit(RLIMIT_STACK, &stack));
    if (!strcmp(argv[4], "bound"))
        must("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (!strcmp(argv[4], "descriptor"))
        syscall(SYS_execveat, must("open", open(argv[5], O_PATH | O_CLOEXEC)), "", (char *[]) { "guest", "whoami", NULL }, NULL, AT_EMPTY_PATH);
    else
        execl(argv[5], "guest", "whoami", (char *)0);
    printf("  %s\n", strerror(errno));
    return 1;
}

static void copy(const char *to)
{
    static char bytes[65536];
    int from = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    int fd = must(to, open(to, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700));
    for (ssize_t got; (got = must("read", read(from, bytes, sizeof bytes))) > 0; )
        must("write", write(fd, bytes, got));
    close(fd);
    close(from);
}

static void mode(const char *path, uid_t user, gid_t group, mode_t bits)
{
    must("chown", chown(path, user, group));
    must("chmod", chmod(path, bits));
}

static void as(const char *what, const char *user, const char *group, const char *how, const char *path)
{
    outcome(what, START("becomes", (char *)user, (char *)group, (char *)how, (char *)path));
}

static const struct { const char *what; uid_t user; gid_t group; mode_t mode; } kinds[] = {
    { "neither bit", 500, 600, 0755 },
    { "another user's", 500, 600, 04755 },
    { "another group's", 500, 600, 02755 },
    { "both", 500, 600, 06755 },
    { "a group that may not execute it", 500, 600, 02705 },
    { "the caller's own user", 100, 200, 04755 },
    { "the caller's own group", 500, 200, 02755 },
    { "root's", 0, 0, 04755 },
    { "root's group", 0, 0, 02755 },
    { "not readable", 500, 600, 0711 },
    { "not readable, another user's", 500, 600, 04711 },
    { "not for the caller", 500, 600, 04750 },
};

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "becomes"))
        return becomes(argv);
    if (argc > 1) {
        whoami();
        return 5;
    }
    skip_unless(geteuid() == 0, "root");
    scratch();
    name = "./program";
    copy("program");
    for (size_t i = 0; i < COUNT(kinds); i++) {
        mode("program", kinds[i].user, kinds[i].group, kinds[i].mode);
        as(kinds[i].what, "100", "200", "plain", name);
    }
    mode("program", 500, 600, 04755);
    as("root becomes somebody else", "0", "0", "plain", name);
    mode("program", 0, 0, 06755);
    as("root stays root", "0", "0", "plain", name);
    as("with no new privileges", "100", "200", "bound", name);
    mode("program", 100, 200, 06755);
    as("the caller's own, with no new privileges", "100", "200", "bound", name);
    mode("program", 500, 600, 06755);
    as("by a descriptor", "100", "200", "descriptor", name);
    make_file("script", "#!./program whoami\n", 0755);
    as("a script whose interpreter has the bits", "100", "200", "plain", "./script");
    mode("script", 0, 0, 06755);
    as("the script has them too", "100", "200", "plain", "./script");
    mode("program", 500, 600, 0755);
    as("the script alone", "100", "200", "plain", "./script");

    // chown and writing take the bits away.
    struct stat status;
    mode("program", 500, 600, 06755);
    must("chown", chown("program", 501, 601));
    must("stat", stat("program", &status));
    printf("after chown: %o\n", status.st_mode & 07777);

    must("mkdir", mkdir("mounted", 0755));
    if (mount("none", "mounted", "tmpfs", MS_NOSUID, "mode=0755"))
        exit((leave(), 77));
    copy("mounted/program");
    mode("mounted/program", 0, 0, 06755);
    as("on a file system without (nosuid)", "100", "200", "plain", "./mounted/program");
    must("remount", mount("none", "mounted", NULL, MS_REMOUNT, "mode=0755"));
    as("and with", "100", "200", "plain", "./mounted/program");
    must("remount", mount("none", "mounted", NULL, MS_REMOUNT | MS_NOEXEC, "mode=0755"));
    as("without programs (noexec)", "100", "200", "plain", "./mounted/program");
    must("umount", umount("mounted"));
    leave();
    return broken;
}
