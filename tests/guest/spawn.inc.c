// posix_spawn(3), as a C library makes it of clone and execve: what its attributes and actions come to, and the errors of both.
#include "guest.h"
#include <spawn.h>

extern char **environ;
static char *const shows[] = { "guest", "shows", NULL };

static void show(void)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("  mask:");
    for (int i = 1; i < 65; i++)
        if (sigismember(&mask, i) == 1)
            printf(" %d", i);
    printf(", ignored:");
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            printf(" %d", i);
    }
    printf(", group of its own %d, session of its own %d, user %d, descriptors:", getpgrp() == getpid(), getsid(0) == getpid(), (int)geteuid());
    for (int i = 3; i < 64; i++)
        if (fcntl(i, F_GETFD) >= 0)
            printf(" %d", i);
    char folder[300], text[20] = "";
    printf(", folder %s", getcwd(folder, sizeof folder) && strrchr(folder, '/') ? strrchr(folder, '/') + 1 : "?");
    if (fcntl(7, F_GETFD) >= 0 && pread(7, text, sizeof text - 1, 0) >= 0)
        printf(", 7: %s", text);
    puts("");
}

static void run(const char *what, const char *path, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int search)
{
    pid_t child = -7;
    int error = search ? posix_spawnp(&child, path, actions, attributes, shows, environ) : posix_spawn(&child, path, actions, attributes, shows, environ);
    if (error) {
        printf("%s: %s%s\n", what, strerror(error), child == -7 ? "" : ", and a child");
        holds("no child is left", waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
        return;
    }
    outcome(what, child);
}

static void attributes(void)
{
    posix_spawnattr_t wanted;
    sigset_t some;
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&some);
    sigaddset(&some, SIGHUP);
    sigprocmask(SIG_BLOCK, &some, NULL);
    posix_spawnattr_init(&wanted);
    run("no flags", "./program", NULL, &wanted, 0);
    sigaddset(&some, SIGURG);
    posix_spawnattr_setsigmask(&wanted, &some);
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    posix_spawnattr_setsigdefault(&wanted, &some);
    posix_spawnattr_setflags(&wanted, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    run("signals", "./program", NULL, &wanted, 0);
    posix_spawnattr_setpgroup(&wanted, 0);
    posix_spawnattr_setflags(&wanted, POSIX_SPAWN_SETPGROUP);
    run("a group", "./program", NULL, &wanted, 0);
    posix_spawnattr_setpgroup(&wanted, 0x7ffffff0);
    run("a group that is none", "./program", NULL, &wanted, 0);
#ifdef POSIX_SPAWN_SETSID
    posix_spawnattr_setflags(&wanted, POSIX_SPAWN_SETSID);
    run("a session", "./program", NULL, &wanted, 0);
#endif
    if (geteuid() == 0) {
        must("seteuid", seteuid(500));
        posix_spawnattr_setflags(&wanted, 0);
        run("as the effective user", "./program", NULL, &wanted, 0);
        posix_spawnattr_setflags(&wanted, POSIX_SPAWN_RESETIDS);
        run("as the real user", "./program", NULL, &wanted, 0);
        must("seteuid", seteuid(0));
    }
    posix_spawnattr_destroy(&wanted);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    holds("the caller's mask is as it was", sigismember(&mask, SIGHUP) == 1 && sigismember(&mask, SIGURG) == 0 && sigismember(&mask, SIGTERM) == 0);
}

static void actions(void)
{
    posix_spawn_file_actions_t wanted;
    int kept = must("kept", fcntl(must("open", open("text", O_RDONLY | O_CLOEXEC)), F_DUPFD, 40));
    int closed = must("closed", fcntl(kept, F_DUPFD_CLOEXEC, 50));
    run("descriptors", "./program", NULL, NULL, 0);
    posix_spawn_file_actions_init(&wanted);
    posix_spawn_file_actions_adddup2(&wanted, closed, 7);
    posix_spawn_file_actions_addclose(&wanted, kept);
    posix_spawn_file_actions_addopen(&wanted, 9, "made", O_CREAT | O_WRONLY | O_EXCL, 0640);
    run("dup2, close and open", "./program", &wanted, NULL, 0);
    struct stat status;
    must("stat", stat("made", &status));
    printf("made with %o\n", status.st_mode & 07777);
    run("an open that fails", "./program", &wanted, NULL, 0);
    posix_spawn_file_actions_destroy(&wanted);
    posix_spawn_file_actions_init(&wanted);
    posix_spawn_file_actions_adddup2(&wanted, closed, closed);
    run("dup2 to itself stays open", "./program", &wanted, NULL, 0);
    posix_spawn_file_actions_adddup2(&wanted, 77, 7);
    run("dup2 of none", "./program", &wanted, NULL, 0);
    posix_spawn_file_actions_destroy(&wanted);
    posix_spawn_file_actions_init(&wanted);
    posix_spawn_file_actions_addchdir_np(&wanted, "below");
    run("chdir", "../program", &wanted, NULL, 0);
    posix_spawn_file_actions_addchdir_np(&wanted, "none");
    run("chdir to none", "../program", &wanted, NULL, 0);
    posix_spawn_file_actions_destroy(&wanted);
    int folder = must("below", open("below", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    posix_spawn_file_actions_init(&wanted);
    posix_spawn_file_actions_addfchdir_np(&wanted, folder);
    run("fchdir", "../program", &wanted, NULL, 0);
    posix_spawn_file_actions_destroy(&wanted);
    close(kept);
}

static void errors(void)
{
    make_file("closed", "text", 0600);
    make_file("texts", "text\n", 0755);
    make_file("below/closed", "text", 0600);
    run("nothing", "./none", NULL, NULL, 0);
    run("what is not executable", "./closed", NULL, NULL, 0);
    run("what is no program", "./texts", NULL, NULL, 0);
    run("a folder", "/", NULL, NULL, 0);
    run("below a file", "./text/x", NULL, NULL, 0);
    setenv("PATH", "/no/such/folder:below:.", 1);
    run("by PATH", "program", NULL, NULL, 1);
    run("by PATH, nothing", "none", NULL, NULL, 1);
    run("by PATH, not executable", "closed", NULL, NULL, 1);
    static char *many[5000], large[131000];
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 60; i++)
        many[i] = large;
    pid_t child;
    errno = posix_spawn(&child, "./program", NULL, NULL, many, environ);
    value("too many arguments", -1);
    int status, ran = 0;
    for (int i = 0; i < 40; i++)
        ran += posix_spawn(&child, "./program", NULL, NULL, (char *[]) { "guest", "quiet", NULL }, environ) == 0 && waitpid(child, &status, 0) == child && status == 0;
    value("ran", ran);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!strcmp(argv[1], "shows"))
            show();
        return 0;
    }
    char self[512];
    self[must("readlink", readlink("/proc/self/exe", self, sizeof self - 1))] = 0;
    for (int i = 3; i < 64; i++)
        close(i);
    scratch();
    must("home", mkdir("home", 0755));
    must("chdir", chdir("home"));
    must("symlink", symlink(self, "program"));
    must("mkdir", mkdir("below", 0755));
    make_file("text", "of the text", 0644);
    attributes();
    actions();
    errors();
    must("chdir", chdir(".."));
    leave();
    return broken;
}
