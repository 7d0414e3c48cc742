// A program that runs is not written to, and a file that is being written does not run (ETXTBSY of execve(2), open(2) and truncate(2)).
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

static void copy_self(const char *name)
{
    static char bytes[65536];
    int from = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    int to = must("copy", open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755));
    for (ssize_t got; (got = must("read", read(from, bytes, sizeof bytes))) > 0; )
        must("write", write(to, bytes, got));
    close(from);
    close(to);
}

static void attempt(const char *what, const char *path)
{
    volatile int error = 0;
    pid_t child = vfork();
    if (child == 0) {
        execl(path, "x", "end", (char *)0);
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

// The program, until its input ends.
static pid_t run(const char *path, int *hold)
{
    int ends[2];
    must("pipe", pipe2(ends, O_CLOEXEC));
    pid_t child = vfork();
    if (child == 0) {
        dup2(ends[0], 0);
        execl(path, "x", "wait", (char *)0);
        _exit(126);
    }
    close(ends[0]);
    *hold = ends[1];
    return must("vfork", child);
}

static int opens(const char *what, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    done(what, fd);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void while_running(void)
{
    int hold;
    copy_self("program");
    pid_t child = run("./program", &hold);
    opens("to read", "program", O_RDONLY);
    opens("to write", "program", O_WRONLY);
    opens("to read and write", "program", O_RDWR);
    opens("to append", "program", O_WRONLY | O_APPEND);
    opens("to cut", "program", O_RDONLY | O_TRUNC);
    opens("as a place", "program", O_PATH);
    done("truncate", truncate("program", 10));
    struct stat status;
    stat("program", &status);
    holds("its size is as it was", status.st_size > 1000);
    done("chmod", chmod("program", 0700));
    done("link", link("program", "other"));
    opens("to write by another name", "other", O_WRONLY);
    attempt("another run", "./other");
    done("rename over it", (copy_self("new"), rename("new", "program")));
    opens("the new one to write", "program", O_WRONLY);
    opens("the old one to write", "other", O_WRONLY);
    done("unlink", unlink("other"));
    close(hold);
    outcome("the program", child);
}

static void after(void)
{
    int hold;
    copy_self("program");
    pid_t child = run("./program", &hold);
    pid_t second = run("./program", &hold);
    kill(child, SIGKILL);
    outcome("the first of two", child);
    opens("while the second runs", "program", O_WRONLY);
    kill(second, SIGKILL);
    outcome("the second", second);
    close(hold);
    opens("when both have ended", "program", O_WRONLY);
    attempt("and then", "./program");
    opens("once more", "program", O_RDWR);
    done("truncate", truncate("program", 5));
    attempt("of a few bytes", "./program");
    opens("which is no program", "program", O_RDWR);
}

static void while_written(void)
{
    copy_self("program");
    int writer = must("writer", open("program", O_WRONLY | O_CLOEXEC));
    attempt("with a writer", "./program");
    int again = dup(writer);
    fcntl(again, F_SETFD, FD_CLOEXEC);
    close(writer);
    attempt("with a copy of the descriptor", "./program");
    close(again);
    attempt("without", "./program");
    int both = must("both", open("program", O_RDWR | O_CLOEXEC));
    char *shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, both, 0);
    close(both);
    attempt("mapped by one that could write", "./program");
    munmap(shared, 4096);
    attempt("unmapped", "./program");
    int reader = must("reader", open("program", O_RDONLY | O_CLOEXEC));
    shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reader, 0);
    attempt("mapped by a reader", "./program");
    close(reader);
    munmap(shared, 4096);
    int unnamed = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0755);
    char path[50];
    snprintf(path, sizeof path, "/proc/self/fd/%d", unnamed);
    attempt("without a name, open for writing", path);
    close(unnamed);
}

// What memfd_create(2) gives can be written, and does not count as a writer.
static void memory_file(void)
{
    static char bytes[65536], path[50];
    int hold, from = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    int to = must("memfd", syscall(SYS_memfd_create, "program", 1));
    for (ssize_t got; (got = must("read", read(from, bytes, sizeof bytes))) > 0; )
        must("write", write(to, bytes, got));
    close(from);
    snprintf(path, sizeof path, "/proc/self/fd/%d", to);
    pid_t child = run(path, &hold);
    opens("a memory file to write while it runs", path, O_WRONLY);
    value("write by the first descriptor", pwrite(to, "", 0, 0));
    value("and at its end", pwrite(to, "x", 1, must("size", lseek(to, 0, SEEK_END))));
    close(hold);
    outcome("the memory file", child);
    opens("when it has ended", path, O_WRONLY);
    int second = must("second", open(path, O_WRONLY | O_CLOEXEC));
    attempt("with a second descriptor", path);
    close(second);
    close(to);
}

static void script(void)
{
    int hold, fd = must("script", open("script", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
    copy_self("program");
    must("write", write(fd, "#!./program wait\n", 17));
    attempt("a script that is being written", "./script");
    close(fd);
    pid_t child = run("./script", &hold);
    opens("a script that runs, to write", "script", O_WRONLY);
    opens("its interpreter", "program", O_WRONLY);
    close(hold);
    outcome("the script", child);
    opens("and then", "program", O_WRONLY);
    int writer = must("writer", open("program", O_WRONLY | O_CLOEXEC));
    attempt("with an interpreter that is being written", "./script");
    opens("the script, after it failed", "script", O_WRONLY);
    close(writer);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte;
        if (!strcmp(argv[1], "wait"))
            while (read(0, &byte, 1) > 0)
                ;
        return 7;
    }
    scratch();
    signal(SIGPIPE, SIG_IGN);
    while_running();
    after();
    while_written();
    memory_file();
    script();
    leave();
    return broken;
}
