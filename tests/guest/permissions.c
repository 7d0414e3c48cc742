// Who may do what: mode bits, owners, umask, sticky folders, set-id bits, and what the superuser may do all the same.
#include "guest.h"
#include <grp.h>

static void mode_of(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        value(path, -1);
    else
        printf("%s: mode %o owner %d group %d\n", path, st.st_mode & 07777, (int)st.st_uid, (int)st.st_gid);
}

static void become(uid_t user, gid_t group)
{
    must("seteuid", seteuid(0));
    must("setegid", setegid(group));
    must("seteuid", seteuid(user));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        printf("real %d %d, effective %d %d\n", (int)getuid(), (int)getgid(), (int)geteuid(), (int)getegid());
        return 0;
    }
    skip_unless(geteuid() == 0, "root");
    scratch();
    must("setgroups", setgroups(0, NULL));
    umask(0);
    value("umask", umask(077));
    value("umask then", umask(01022));
    value("only nine bits", umask(022));
    mkdir("m777", 0777);
    mode_of("m777");
    make_file("mine", "x", 0640);
    make_file("theirs", "x", 0640);
    make_file("run", "#!/bin/sh\nexit 3\n", 0644);
    value("chown", chown("theirs", 1000, 1000));
    mode_of("theirs");
    value("chown of nothing", chown("none", 1, 1));
    value("chown to nobody in particular", chown("theirs", -1, -1));
    mode_of("theirs");

    // The superuser.
    value("root: read what is not for it", access("theirs", R_OK | W_OK));
    value("root: execute what nobody may", access("run", X_OK));
    chmod("mine", 0);
    value("root: open of mode 0", open("mine", O_RDWR) < 0 ? -1 : 0);
    chmod("mine", 0640);
    mkdir("closed", 0700);
    make_file("closed/in", "x", 0666);
    mkdir("sticky", 01777);
    chmod("sticky", 01777);
    make_file("sticky/roots", "x", 0666);
    mkdir("open", 0777);
    chmod("open", 0777);
    make_file("open/roots", "x", 0600);
    make_file("open/set", "x", 06777);
    mode_of("open/set");
    chown("open/set", 1000, 1000);
    mode_of("open/set");

    become(1000, 1000);
    value("owner: open", open("theirs", O_RDWR) < 0 ? -1 : 0);
    value("other: open", open("mine", O_RDONLY));
    value("other: access asks for the real user", access("mine", R_OK));
    value("other: faccessat for the effective one", faccessat(AT_FDCWD, "mine", R_OK, AT_EACCESS));
    value("other: chmod", chmod("mine", 0666));
    value("other: chown", chown("mine", 1000, -1));
    value("other: truncate", truncate("mine", 0));
    value("other: execute", access("run", F_OK));
    value("closed folder: stat", access("closed/in", F_OK) ? -1 : 0);
    value("closed folder: open", open("closed/in", O_RDONLY));
    value("closed folder: list", open("closed", O_RDONLY));
    value("closed folder: chdir", chdir("closed"));
    value("folder not for writing: create", open("new", O_CREAT | O_RDWR, 0666));
    value("folder not for writing: mkdir", mkdir("new", 0777));
    value("folder not for writing: unlink", unlink("mine"));
    value("folder not for writing: rename", rename("mine", "open/x"));
    value("folder not for writing: symlink", symlink("x", "new"));
    value("owner: chmod", chmod("theirs", 0604));
    value("owner: chmod with set-gid of a foreign group", chmod("theirs", 02604));
    mode_of("theirs");
    value("owner: chown to another", chown("theirs", 1001, -1));
    value("owner: chgrp to a group it is not in", chown("theirs", -1, 2000));
    value("owner: chgrp to its own", chown("theirs", -1, 1000));
    value("open folder: unlink of another's", unlink("open/roots"));
    value("sticky folder: unlink of another's", unlink("sticky/roots"));
    value("sticky folder: rename of another's", rename("sticky/roots", "sticky/x"));
    make_file("sticky/own", "x", 0644);
    mode_of("sticky/own");
    value("sticky folder: unlink of one's own", unlink("sticky/own"));
    value("write clears set-id", write(open("open/set", O_WRONLY), "x", 1));
    mode_of("open/set");
    value("mknod of a device", mknod("open/dev", S_IFCHR | 0666, 0x103));
    value("setuid to another", setuid(2000));
    value("sethostname", sethostname("x", 1));
    value("chroot", chroot("."));
    value("setgroups", setgroups(0, NULL));

    // The group's bits count for its members, before the others'.
    become(1001, 1000);
    seteuid(0);
    chmod("theirs", 0604);
    seteuid(1001);
    value("member: open", open("theirs", O_RDONLY));
    seteuid(0);
    chmod("theirs", 0640);
    seteuid(1001);
    value("member: open for reading", open("theirs", O_RDONLY) < 0 ? -1 : 0);
    value("member: open for writing", open("theirs", O_WRONLY));
    become(1001, 1001);
    value("not a member: open", open("theirs", O_RDONLY));
    seteuid(0);
    gid_t groups[] = { 5, 1000 };
    must("setgroups", setgroups(2, groups));
    seteuid(1001);
    value("supplementary member: open", open("theirs", O_RDONLY) < 0 ? -1 : 0);
    value("getgroups", getgroups(0, NULL));

    // A folder with set-gid gives its group on.
    become(0, 0);
    mkdir("shared", 0777);
    chown("shared", 0, 3000);
    chmod("shared", 02777);
    become(1000, 1000);
    make_file("shared/file", "x", 0644);
    mkdir("shared/sub", 0755);
    mode_of("shared/file");
    mode_of("shared/sub");

    // Set-id programs are for execve. Of a script it means nothing.
    become(0, 0);
    int from = must("self", open("/proc/self/exe", O_RDONLY)), to = must("copy", open("program", O_CREAT | O_WRONLY | O_CLOEXEC, 0755)), got;
    static char block[65536];
    while ((got = read(from, block, sizeof block)) > 0)
        write(to, block, got);
    close(to);
    chown("program", 1234, 4321);
    chmod("program", 06755);
    pid_t child = vfork();
    if (child == 0) {
        execl("program", "program", "who", (char *)0);
        _exit(126);
    }
    outcome("set-id program", child);
    become(0, 0);
    leave();
    return broken;
}
