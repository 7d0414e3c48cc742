// Users and groups of a process: real, effective, saved, and who may become whom.
#include "guest.h"
#include <grp.h>
#include <sys/prctl.h>

static void show(const char *what)
{
    uid_t r, e, s;
    gid_t gr, ge, gs;
    getresuid(&r, &e, &s);
    getresgid(&gr, &ge, &gs);
    printf("%s: user %d %d %d group %d %d %d\n", what, (int)r, (int)e, (int)s, (int)gr, (int)ge, (int)gs);
}

static int role(char **argv)
{
    if (!strcmp(argv[1], "drop")) {
        value("setgid", setgid(100));
        value("setuid", setuid(200));
        show("dropped");
        value("setuid back", setuid(0));
        value("seteuid back", seteuid(0));
        value("setgid back", setgid(0));
        value("signal to one of root's", kill(getppid(), 0));
        value("setpriority", nice(-5));
        execl("/proc/self/exe", "guest", "show", (char *)0);
    }
    if (!strcmp(argv[1], "effective")) {
        value("seteuid", seteuid(300));
        show("effective");
        value("setreuid", setreuid(0, 300));
        show("setreuid");
        value("setuid to the saved", setuid(0));
        show("as the superuser that it is not, setuid is of the effective");
        value("setresuid", setresuid(1, 2, 3));
        show("setresuid");
        value("swap", setreuid(2, 1));
        show("swapped");
        value("to the saved", setresuid(-1, 1, -1));
        show("after");
        value("to another", setresuid(-1, 77, -1));
        value("setresgid to another", setresgid(5, 5, 5));
    }
    show("program");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    skip_unless(geteuid() == 0, "root");
    gid_t groups[100];
    must("setgroups", setgroups(0, NULL));
    must("setresgid", setresgid(0, 0, 0));
    show("root");
    value("getgroups", getgroups(100, groups));
    gid_t three[] = { 10, 30, 20 };
    value("setgroups", setgroups(3, three));
    value("getgroups", getgroups(100, groups));
    printf("%d %d %d\n", (int)groups[0], (int)groups[1], (int)groups[2]);
    value("into too little", getgroups(2, groups));
    value("count", getgroups(0, NULL));
    value("too many", setgroups(65537, groups));
    outcome("child", START("drop"));
    outcome("child", START("effective"));
    show("the parent is who it was");
    char name[17] = "";
    value("PR_SET_NAME", prctl(PR_SET_NAME, "a name that is too long"));
    value("PR_GET_NAME", prctl(PR_GET_NAME, name));
    puts(name);
    value("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    value("PR_GET_NO_NEW_PRIVS", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    value("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE) >= 0);
    return broken;
}
