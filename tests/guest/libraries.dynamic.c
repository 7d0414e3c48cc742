// A program with an interpreter, and libraries that it opens at run time from beside itself: symbols, constructors, thread-local data, and the lack of things.
#include "guest.h"
#include <dlfcn.h>
#include <link.h>
#include <sys/auxv.h>

__thread int own_tls = 5;
int counter;
int from_program(int x) { return x * 2 + counter; }

static char folder[400];

static void *load(const char *name, int flags)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *library = dlopen(path, flags);
    printf("%s: %s\n", name, library ? "loaded" : "not loaded");
    return library;
}

static int count(struct dl_phdr_info *info, size_t size, void *data)
{
    int *counts = data;
    counts[0]++;
    counts[1] += strstr(info->dlpi_name, "libfirst.so") || strstr(info->dlpi_name, "libsecond.so");
    return 0;
}

int main(int argc, char **argv)
{
    snprintf(folder, sizeof folder, "%s", argv[0]);
    char *slash = strrchr(folder, '/');
    *(slash ? slash : folder) = 0;
    holds("there is an interpreter", getauxval(AT_BASE) != 0 || getauxval(AT_ENTRY) != 0);
    Dl_info where;
    holds("libc knows itself", dladdr((void *)(long)puts, &where) && strstr(where.dli_fname, "ld-musl"));

    void *first = load("libfirst.so", RTLD_NOW | RTLD_LOCAL);
    if (!first)
        return 1;
    value("its constructor ran", counter);
    int (*add)(int, int) = (int (*)(int, int))dlsym(first, "first_add");
    int (*calls_back)(int) = (int (*)(int))dlsym(first, "first_calls_back");
    int *(*tls)(void) = (int *(*)(void))dlsym(first, "first_tls");
    long (*asks)(void) = (long (*)(void))dlsym(first, "first_pid");
    const char *const *words = (const char *const *)dlsym(first, "first_words");
    value("a call", add(3, 4));
    value("it calls the program", calls_back(10));
    printf("relocated data: %s %s\n", words[0], words[1]);
    value("its thread-local data", *tls());
    *tls() += 1;
    value("changed", *tls());
    value("ours", own_tls);
    holds("a system call of its own", asks() == getpid());
    holds("what it has not", dlsym(first, "no_such_symbol") == NULL);
    holds("and why", strstr(dlerror(), "no_such_symbol") != NULL);
    holds("local symbols are not the program's", dlsym(RTLD_DEFAULT, "first_add") == NULL);

    void *second = load("libsecond.so", RTLD_LAZY | RTLD_GLOBAL);
    if (!second)
        return 1;
    int (*sum)(int) = (int (*)(int))dlsym(second, "second_sum");
    double (*root)(double) = (double (*)(double))dlsym(second, "second_root");
    int *(*large)(int) = (int *(*)(int))dlsym(second, "second_large");
    value("the second", sum(100));
    value("in floating point", (long)(root(2) * 1000000));
    *large(999) = 4;
    value("its large thread-local data", *large(999) + *large(0));
    holds("global symbols are the program's", dlsym(RTLD_DEFAULT, "second_sum") == (void *)sum);
    holds("opened twice it is one", load("libfirst.so", RTLD_NOW) == first);
    int counts[2] = { 0 };
    dl_iterate_phdr(count, counts);
    printf("objects: two of ours %d, and more %d\n", counts[1], counts[0] > 2);
    holds("dladdr", dladdr((void *)add, &where) && !strcmp(where.dli_sname, "first_add"));

    load("libnone.so", RTLD_NOW);
    make_file("/tmp/guest-not-a-library.so", "this is no library", 0755);
    void *none = dlopen("/tmp/guest-not-a-library.so", RTLD_NOW);
    holds("a text is no library", none == NULL);
    unlink("/tmp/guest-not-a-library.so");
    holds("the program itself", dlsym(dlopen(NULL, RTLD_NOW), "from_program") == (void *)from_program);
    value("dlclose", dlclose(second));

    // A vforked child and a program from here.
    pid_t child = vfork();
    if (child == 0)
        _exit(add(20, 22));
    outcome("in a child", child);
    value("system", WEXITSTATUS(system("exit 9")));
    return broken;
}
