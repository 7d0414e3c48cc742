// Programs that can't be started, and what an execve leaves as it is and what not.
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

static void attempt(const char *what, const char *path)
{
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        execl(path, "x", "ran", (char *)0);
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

static void on_signal(int signal) { }

static char image[300000];
static int size;

static void changed(const char *what, int at, int bytes, const char *with, int length)
{
    int fd = must("image", open("image", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755));
    char saved[16];
    memcpy(saved, image + at, bytes);
    memcpy(image + at, with, bytes);
    must("write", write(fd, image, length));
    memcpy(image + at, saved, bytes);
    close(fd);
    attempt(what, "image");
}

static int role(char **argv)
{
    if (!strcmp(argv[1], "ran"))
        return 44;
    if (!strcmp(argv[1], "after")) {
        struct sigaction action;
        sigset_t mask, pending;
        sigaction(SIGUSR1, NULL, &action);
        printf("a handler became the default: %d\n", action.sa_handler == SIG_DFL);
        sigaction(SIGUSR2, NULL, &action);
        printf("ignored stays ignored: %d\n", action.sa_handler == SIG_IGN);
        sigprocmask(0, NULL, &mask);
        sigpending(&pending);
        printf("mask stays: %d, pending stays: %d\n", sigismember(&mask, SIGHUP), sigismember(&pending, SIGHUP));
        printf("pid stays: %d\n", getpid() == atoi(argv[2]));
        printf("umask stays: %o\n", umask(0));
        char folder[100];
        printf("folder stays: %s\n", getcwd(folder, sizeof folder));
        printf("descriptors: %d %d\n", fcntl(60, F_GETFD), fcntl(61, F_GETFD));
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        printf("limits stay: %d\n", (int)limit.rlim_cur);
        char name[20];
        FILE *file = fopen("/proc/self/comm", "r");
        printf("name: %s", file && fgets(name, sizeof name, file) ? name : "none\n");
        char link[300], link2[300];
        ssize_t length = readlink("/proc/self/exe", link, sizeof link - 1);
        link[length > 0 ? length : 0] = 0;
        snprintf(link2, sizeof link2, "%s", argv[3]);
        printf("exe: %d\n", !strcmp(link, link2));
        return 33;
    }
    if (!strcmp(argv[1], "before")) {
        char pid[20], path[300];
        ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        signal(SIGUSR1, on_signal);
        signal(SIGUSR2, SIG_IGN);
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGHUP);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        raise(SIGHUP);
        umask(013);
        chdir("/dev");
        int fd = open("null", O_RDONLY);
        dup2(fd, 60);
        fcntl(fd, F_DUPFD_CLOEXEC, 61);
        struct rlimit limit = { 77, 88 };
        setrlimit(RLIMIT_NOFILE, &limit);
        execl("/proc/self/exe", "any name", "after", pid, path, (char *)0);
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    scratch();
    char path[5000];
    int self = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    size = must("read", read(self, image, sizeof image));
    attempt("nothing", "none");
    attempt("an empty name", "");
    attempt("a folder", "/");
    attempt("through a file", "/dev/null/x");
    attempt("a device", "/dev/null");
    must("symlink", symlink("loop", "loop"));
    attempt("a loop", "loop");
    memset(path, 'p', sizeof path);
    path[4999] = 0;
    attempt("a path that is too long", path);
    must("mkfifo", mkfifo("fifo", 0777));
    attempt("a fifo", "fifo");
    make_file("text", "hello\n", 0755);
    attempt("a text", "text");
    make_file("closed", "hello\n", 0600);
    attempt("what is not executable", "closed");
    make_file("short", "\x7f" "ELF", 0755);
    attempt("four bytes of an ELF", "short");
    changed("of another machine", 18, 2, "\x28", size);
    changed("an object file", 16, 2, "\1", size);
    changed("a core file", 16, 2, "\4", size);
    changed("no headers of segments", 56, 2, "\0", size);
    changed("headers of a wrong size", 54, 2, "\x20", size);
    changed("headers beyond the end", 32, 8, "\xff\xff\xff\x00\x00\x00\x00", size);
    changed("only the first header", 0, 1, "\x7f", 64);
    value("execveat with a wrong flag", syscall(SYS_execveat, AT_FDCWD, "text", NULL, NULL, 1));
    value("execveat of a link, not following", syscall(SYS_execveat, AT_FDCWD, "loop", NULL, NULL, AT_SYMLINK_NOFOLLOW));
    value("execveat of no descriptor", syscall(SYS_execveat, 99, "text", NULL, NULL, 0));
    value("execveat of an empty name", syscall(SYS_execveat, self, "", NULL, NULL, 0));
    int fd = must("open", open("text", O_RDONLY));
    value("execveat of a descriptor of a text", syscall(SYS_execveat, fd, "", NULL, NULL, AT_EMPTY_PATH));
    value("the program lives", 0);
    outcome("execve", START("before"));
    pid_t child = vfork();
    if (child == 0) {
        syscall(SYS_execveat, self, "", (char *[]) { "guest", "none", NULL }, NULL, AT_EMPTY_PATH);
        _exit(126);
    }
    outcome("execveat", child);
    leave();
    return broken;
}
