// execveat(2): a program by a descriptor, by a place below one, by a link; what a script's interpreter is told; and what of a file that is exchanged while it runs.
#include "guest.h"
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static char *const arguments[] = { "guest", "shows", NULL };
static int own;

// The number of a descriptor is no fact of Linux: two of them get names.
static void at(const char *what, int directory, const char *path, int flags)
{
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        syscall(SYS_execveat, directory, path, arguments, (char *[]) { NULL }, flags);
        error = errno;
        _exit(120);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        ;
    if (error)
        printf("%s: %s\n", what, strerror(error));
    else
        describe(what, status);
}

static void copy(const char *to, const char *tail, mode_t mode)
{
    static char bytes[65536];
    int fd = must(to, open(to, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700));
    must("rewind", lseek(own, 0, SEEK_SET));
    for (ssize_t got; (got = must("read", read(own, bytes, sizeof bytes))) > 0; )
        must("write", write(fd, bytes, got));
    must("write", write(fd, tail, strlen(tail)));
    must("mode", fchmod(fd, mode));
    close(fd);
}

static int shows(int argc, char **argv)
{
    printf("  %s:", (char *)getauxval(AT_EXECFN));
    for (int i = 0; i < argc; i++)
        printf(" [%s]", argv[i]);
    puts("");
    return 9;
}

// The last byte of the file that this program is of.
static int last(const char *path)
{
    char byte = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || lseek(fd, -1, SEEK_END) < 0 || read(fd, &byte, 1) != 1)
        return 99;
    close(fd);
    return byte;
}

static void descriptors(void)
{
    must("mkdir", mkdir("below", 0755));
    copy("below/program", "", 0755);
    must("symlink", symlink("program", "below/link"));
    must("symlink", symlink("below", "way"));
    make_file("below/script", "#!./below/program shows\n", 0755);
    make_file("closed", "nothing", 0600);
    must("40", dup2(must("below", open("below", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), 40));
    must("41", dup2(must("program", open("below/program", O_RDONLY | O_CLOEXEC)), 41));
    must("42", dup2(must("script", open("below/script", O_RDONLY | O_CLOEXEC)), 42));
    must("43", dup2(must("path", open("below/program", O_PATH | O_CLOEXEC)), 43));
    must("44", dup2(must("link", open("below/link", O_PATH | O_NOFOLLOW | O_CLOEXEC)), 44));
    must("45", dup2(must("closed", open("closed", O_RDONLY | O_CLOEXEC)), 45));
    at("below a directory", 40, "program", 0);
    at("a link", 40, "link", 0);
    at("a link that is not followed", 40, "link", AT_SYMLINK_NOFOLLOW);
    at("a link on the way, which is", AT_FDCWD, "way/program", AT_SYMLINK_NOFOLLOW);
    at("no link", 40, "program", AT_SYMLINK_NOFOLLOW);
    at("a descriptor", 41, "", AT_EMPTY_PATH);
    at("a descriptor that is but a place", 43, "", AT_EMPTY_PATH);
    at("a descriptor of a link", 44, "", AT_EMPTY_PATH);
    at("a descriptor of what may not be executed", 45, "", AT_EMPTY_PATH);
    at("a descriptor of a directory", 40, "", AT_EMPTY_PATH);
    at("the working directory", AT_FDCWD, "", AT_EMPTY_PATH);
    at("no descriptor", 999, "", AT_EMPTY_PATH);
    at("below no descriptor", 999, "program", 0);
    at("from the root below no descriptor", 999, "/no/such/program", 0);
    at("below what is no directory", 41, "program", 0);
    at("an empty name", 41, "", 0);
    at("an unknown flag", 41, "", AT_EMPTY_PATH | 1);
    at("a name with the flag for none", 40, "program", AT_EMPTY_PATH);
    at("a script below", 40, "script", 0);
    at("a script's descriptor", 42, "", AT_EMPTY_PATH);
    // Those that the program closes are no way for an interpreter; now they stay open.
    must("50", dup2(40, 50));
    must("52", dup2(42, 52));
    at("a script below one that stays", 50, "script", 0);
    at("the descriptor that stays, of a script", 52, "", AT_EMPTY_PATH);
    must("chdir", chdir("below"));
    at("from another directory", 52, "", AT_EMPTY_PATH);
    must("chdir", chdir(".."));
    int writer = must("writer", open("below/program", O_RDWR | O_CLOEXEC));
    at("a descriptor for writing", writer, "", AT_EMPTY_PATH);
    at("another one, meanwhile", 41, "", AT_EMPTY_PATH);
    close(writer);
    must("unlink", unlink("below/program"));
    at("without a name", 41, "", AT_EMPTY_PATH);
    at("a place without a name", 43, "", AT_EMPTY_PATH);
    int memory = must("memfd", syscall(SYS_memfd_create, "script", 1));
    must("write", write(memory, "#!/no/such/program\n", 19));
    must("46", dup3(memory, 46, O_CLOEXEC));
    at("a script in memory", 46, "", AT_EMPTY_PATH);
    for (int i = 40; i < 53; i++)
        close(i);
}

static pid_t waits(const char *path, int *hold)
{
    int ends[2];
    must("pipe", pipe2(ends, O_CLOEXEC));
    pid_t child = vfork();
    if (child == 0) {
        dup2(ends[0], 0);
        execl(path, "guest", "waits", (char *)0);
        _exit(126);
    }
    close(ends[0]);
    *hold = ends[1];
    return must("vfork", child);
}

static void run(const char *what, const char *path)
{
    pid_t child = vfork();
    if (child == 0) {
        execl(path, "guest", "last", (char *)0);
        _exit(126);
    }
    outcome(what, child);
}

static void exchanged(void)
{
    int hold;
    copy("one", "\1", 0755);
    copy("two", "\2", 0755);
    copy("program", "\1", 0755);
    pid_t child = waits("./program", &hold);
    must("rename", rename("two", "program"));
    run("the new one", "./program");
    char path[64], to[300];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)child);
    run("the old one, which runs, by its link", path);
    ssize_t length = must("readlink", readlink(path, to, sizeof to - 1));
    to[length] = 0;
    printf("its name: %s\n", strrchr(to, '/') + 1);
    close(hold);
    outcome("that one, which runs itself once more", child);
    run("and then", "./program");

    // The same file with other bytes, as many of them and at the same time.
    struct stat before;
    must("stat", stat("program", &before));
    int fd = must("open", open("program", O_RDWR | O_CLOEXEC));
    must("pwrite", pwrite(fd, "\3", 1, before.st_size - 1));
    must("futimens", futimens(fd, (struct timespec[]) { before.st_atim, before.st_mtim }));
    close(fd);
    run("written in place", "./program");

    // A name that leads to either of two at any time, and never to none.
    child = START("exchanges");
    int seen = 0;
    for (int i = 0; i < 60; i++) {
        int status;
        pid_t ran = vfork();
        if (ran == 0) {
            execl("./either", "guest", "last", (char *)0);
            _exit(126);
        }
        waitpid(ran, &status, 0);
        if (WIFEXITED(status) && (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 4))
            seen++;
        else
            describe("while it is exchanged", status);
    }
    value("ran while they were exchanged", seen);
    kill(child, SIGTERM);
    outcome("who exchanged them", child);
}

static void exchanges(void)
{
    while (1) {
        if (link("one", "next") || rename("next", "either") || link("four", "next") || rename("next", "either"))
            _exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "waits")) {
        char byte;
        while (read(0, &byte, 1) > 0)
            ;
        execl("/proc/self/exe", "guest", "last", (char *)0);
        return 98;
    }
    if (argc > 1 && !strcmp(argv[1], "last"))
        return last("/proc/self/exe");
    if (argc > 1 && !strcmp(argv[1], "exchanges"))
        exchanges();
    if (argc > 1)
        return shows(argc, argv);
    scratch();
    own = must("own", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    descriptors();
    copy("four", "\4", 0755);
    copy("one", "\1", 0755);
    must("link", link("four", "either"));
    exchanged();
    leave();
    return broken;
}
