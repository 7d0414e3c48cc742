// Programs that begin with #!: the interpreter, its one argument, and interpreters that are scripts.
#include "guest.h"

static char self[512];

static void run(const char *what, const char *path, char *const argv[])
{
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        execv(path, argv);
        error = errno;
        _exit(120);
    }
    int status;
    waitpid(child, &status, 0);
    if (error)
        printf("%s: %s\n", what, strerror(error));
    else
        describe(what, status);
}

static void script(const char *path, const char *format, mode_t mode)
{
    char text[1024];
    snprintf(text, sizeof text, format, self);
    make_file(path, text, mode);
}

int main(int argc, char **argv)
{
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = 0;
    if (argc > 1) {
        // As an interpreter: how we were called. Our own name is as long as the place where we are.
        printf("  %d:", argc);
        for (int i = 0; i < argc; i++)
            printf(" [%s]", strcmp(argv[i], self) ? argv[i] : "SELF");
        puts("");
        return 11;
    }
    scratch();
    char *const args[] = { "zero", "one", "two", NULL };
    // The kernel looks at no more than the first 256 bytes; where the tests lie is kept short by a link.
    must("symlink", symlink(self, "self"));
    snprintf(self, sizeof self, "./self");
    script("plain", "#!%s\nanything\n", 0755);
    run("plain", "./plain", args);
    run("by another path", "../../proc/self/cwd/plain", args);
    script("argument", "#!%s an argument\n", 0755);
    run("one argument, with its space", "./argument", args);
    script("spaces", "#! \t %s \t with spaces \t \n", 0755);
    run("spaces around", "./spaces", args);
    script("unended", "#!%s", 0755);
    run("without an end of line", "./unended", args);
    script("empty", "#!\n%s", 0755);
    run("no interpreter", "./empty", args);
    script("blank", "#!   \n%s", 0755);
    run("a blank interpreter", "./blank", args);
    script("missing", "#!/no/such/interpreter\n%s", 0755);
    run("an interpreter that is missing", "./missing", args);
    script("folder", "#!/\n%s", 0755);
    run("an interpreter that is a folder", "./folder", args);
    script("closed", "#!%s\n", 0644);
    run("a script without x", "./closed", args);
    make_file("data", "#?neither script nor program\n", 0755);
    run("no script", "./data", args);
    make_file("short", "#", 0755);
    run("too short", "./short", args);
    make_file("nothing", "", 0755);
    run("an empty file", "./nothing", args);
    script("one", "#!./plain first\n%s", 0755);
    run("a script by a script", "./one", args);
    make_file("n2", "#!./one second\n", 0755);
    make_file("n3", "#!./n2\n", 0755);
    make_file("n4", "#!./n3\n", 0755);
    make_file("n5", "#!./n4\n", 0755);
    make_file("n6", "#!./n5\n", 0755);
    run("three", "./n3", args);
    run("four", "./n4", args);
    run("five", "./n5", args);
    run("six", "./n6", args);
    make_file("self-script", "#!./self-script\n", 0755);
    run("by itself", "./self-script", args);
    run("no arguments at all", "./plain", (char *const[]) { NULL });
    script("shell", "#!/bin/sh\necho \"  a shell's: $0 $1 $2\"; exit 5\n", 0755);
    run("a shell's", "./shell", args);
    // A first line that is too long for the kernel.
    static char line[600];
    memset(line, 'a', sizeof line - 1);
    memcpy(line, "#!./self ", 9);
    line[598] = '\n';
    make_file("long", line, 0755);
    pid_t child = vfork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        execv("./long", args);
        _exit(120);
    }
    outcome("a long argument", child);
    memset(line, 'a', sizeof line - 1);
    memcpy(line, "#!./self", 8);
    make_file("long", line, 0755);
    run("a long name", "./long", args);
    int fd = must("open", fcntl(open("plain", O_RDONLY | O_CLOEXEC), F_DUPFD, 50));
    child = vfork();
    if (child == 0) {
        fexecve(fd, args, args + 3);
        _exit(120);
    }
    int status;
    waitpid(child, &status, 0);
    holds("by a descriptor", WIFEXITED(status) && WEXITSTATUS(status) == 11);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    child = vfork();
    if (child == 0) {
        fexecve(fd, args, args + 3);
        _exit(errno == ENOENT ? 121 : 120);
    }
    outcome("by a descriptor that closes", child);
    leave();
    return broken;
}
