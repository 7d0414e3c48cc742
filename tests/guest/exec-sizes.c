// How long arguments and environment may be (execve(2), "Limits on size of arguments and environment"), to the byte.
#include "guest.h"

#define PAGE 4096
#define LONGEST (32 * PAGE)

static char large[LONGEST + 1];
static char *list[4000];
static char **volatile nowhere = (char **)16;
static char *const nothing[] = { NULL };

// The error of running a program; 0 where it ran.
static int attempt(const char *path, char *const argv[], char *const envp[], rlim_t stack)
{
    volatile int error = 0;
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = stack;
    must("setrlimit", setrlimit(RLIMIT_STACK, &limit));
    pid_t child = vfork();
    if (child == 0) {
        execve(path, argv, envp);
        error = errno;
        _exit(120);
    }
    limit.rlim_cur = before;
    must("setrlimit", setrlimit(RLIMIT_STACK, &limit));
    int status;
    while (waitpid(child, &status, 0) < 0)
        ;
    if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 7))
        describe("it ran", status);
    return error;
}

// Arguments that take so many bytes with their zeros and pointers: as many of them as large as can be, and one of what remains.
static int filled(const char *path, long bytes, rlim_t stack, int environment)
{
    int count = 0;
    if (!environment)
        list[count++] = "x";
    long left = bytes - (environment ? 0 : 2 + 8);
    while (left > 0) {
        long size = left - 8 > LONGEST ? LONGEST : left - 8;
        if (left - 8 - size > 0 && left - 8 - size < 9)
            size -= 16;
        list[count++] = large + LONGEST - size + 1;
        left -= size + 8;
    }
    list[count] = NULL;
    return attempt(path, environment ? nothing : list, environment ? list : nothing, stack);
}

// The most that is not too much.
static void most(const char *what, const char *path, rlim_t stack, int environment)
{
    long low = 1000, high = 8 << 20;
    int error = 0;
    while (high - low > 1) {
        long middle = (low + high) / 2;
        int got = filled(path, middle, stack, environment);
        if (got)
            high = middle, error = got;
        else
            low = middle;
    }
    printf("%s: %ld bytes, with one more %s\n", what, low, strerror(error));
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "x") == 0)
        return 7;
    if (argc == 1 && argv[0][0] == 0)
        return 7;
    if (argc > 1)
        return 7;
    scratch();
    char self[512];
    self[must("readlink", readlink("/proc/self/exe", self, sizeof self - 1))] = 0;
    must("symlink", symlink(self, "p"));
    must("symlink", symlink(self, "a-longer-name-of-the-program"));
    make_file("s", "#!./p\n", 0755);
    make_file("t", "#!./p argument\n", 0755);
    memset(large, 'x', LONGEST);
    most("a stack of 1 MiB", "./p", 1 << 20, 0);
    most("by a longer name", "./a-longer-name-of-the-program", 1 << 20, 0);
    most("in the environment", "./p", 1 << 20, 1);
    most("a stack of 8 MiB", "./p", 8 << 20, 0);
    most("a stack of 64 MiB", "./p", 64 << 20, 0);
    most("a stack without limit", "./p", RLIM_INFINITY, 0);
    most("a stack of 300 KiB", "./p", 300 << 10, 0);
    most("a script", "./s", 1 << 20, 0);
    most("a script with an argument", "./t", 1 << 20, 0);

    char *one[] = { "x", large + 1, NULL };
    printf("the longest: %s\n", strerror(attempt("./p", one, nothing, 8 << 20)));
    one[1] = large;
    printf("one more: %s\n", strerror(attempt("./p", one, nothing, 8 << 20)));
    printf("in the environment: %s\n", strerror(attempt("./p", nothing, one, 8 << 20)));
    printf("that of a program that is not there: %s\n", strerror(attempt("./none", one, nothing, 8 << 20)));
    char *bad[] = { "x", (char *)nowhere, NULL };
    printf("from nowhere: %s\n", strerror(attempt("./p", bad, nothing, 8 << 20)));
    printf("from nowhere, of a program that is not there: %s\n", strerror(attempt("./none", bad, nothing, 8 << 20)));
    printf("a list from nowhere: %s\n", strerror(attempt("./p", nowhere, nothing, 8 << 20)));
    printf("no lists at all: %s\n", strerror(attempt("./p", NULL, NULL, 8 << 20)));
    leave();
    return broken;
}
