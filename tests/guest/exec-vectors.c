// What a program is given at its start: arguments, environment, and the auxiliary vector.
#include "guest.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;
extern const Elf64_Ehdr __ehdr_start;

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static int role(int argc, char **argv)
{
    printf("%d arguments:", argc);
    for (int i = 0; i <= argc; i++)
        printf(" [%s]", argv[i] ? argv[i] : "NULL");
    printf("\nenvironment:");
    for (char **variable = environ; *variable; variable++)
        printf(" [%s]", *variable);
    puts("");
    unsigned char first = argc > 2 ? argv[2][0] : 0;
    if (first > 127)
        printf("eight bits: %d\n", first);
    return 0;
}

static void run(const char *what, char **argv, char **environment)
{
    pid_t child = vfork();
    if (child == 0) {
        execve("/proc/self/exe", argv, environment);
        _exit(errno == E2BIG ? 100 : 101);
    }
    outcome(what, child);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "role"))
        return role(argc, argv);
    if (argc > 1 && !strcmp(argv[1], "count")) {
        long sum = 0;
        for (int i = 0; i < argc; i++)
            sum += strlen(argv[i]);
        printf("%d arguments, %ld bytes\n", argc, sum);
        return 0;
    }
    if (argc == 0 || argv[0][0] == 0) {
        printf("no argument became %d, empty %d\n", argc, argc && argv[0][0] == 0);
        return 0;
    }

    // The order in memory: the count, the arguments, the environment, the vector; the strings above them.
    char **after = environ;
    holds("environment after arguments", environ == argv + argc + 1 && argv[argc] == NULL);
    while (*after)
        after++;
    Elf64_auxv_t *vector = (Elf64_auxv_t *)(after + 1);
    holds("the count before them", ((long *)argv)[-1] == argc);
    holds("aligned by 16", ((unsigned long)argv - 8) % 16 == 0);
    int seen[64] = { 0 }, entries = 0;
    for (; vector->a_type; vector++, entries++)
        if (vector->a_type < 64)
            seen[vector->a_type]++;
    const int wanted[] = { AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_PLATFORM, AT_HWCAP, AT_CLKTCK, AT_SECURE, AT_RANDOM, AT_HWCAP2, AT_EXECFN, AT_SYSINFO_EHDR };
    for (size_t i = 0; i < COUNT(wanted); i++)
        if (seen[wanted[i]] != 1)
            printf("entry %d: %d times\n", wanted[i], seen[wanted[i]]);
    value("AT_PAGESZ", getauxval(AT_PAGESZ));
    value("AT_CLKTCK", getauxval(AT_CLKTCK));
    value("AT_PHENT", getauxval(AT_PHENT));
    value("AT_BASE of a static program", getauxval(AT_BASE));
    value("AT_SECURE", getauxval(AT_SECURE));
    value("AT_FLAGS", getauxval(AT_FLAGS));
    holds("AT_PHDR", (char *)getauxval(AT_PHDR) == (char *)&__ehdr_start + __ehdr_start.e_phoff);
    holds("AT_PHNUM", getauxval(AT_PHNUM) == __ehdr_start.e_phnum);
    holds("AT_ENTRY", (char *)getauxval(AT_ENTRY) == (char *)&__ehdr_start + __ehdr_start.e_entry);
    holds("AT_UID and the others", getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid() && getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    printf("AT_PLATFORM %s\n", (char *)getauxval(AT_PLATFORM));
    holds("AT_EXECFN is what was run", !strcmp((char *)getauxval(AT_EXECFN), argv[0]) || begins((char *)getauxval(AT_EXECFN), "/proc/self/exe"));
    unsigned char *random = (void *)getauxval(AT_RANDOM);
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= random[i];
    holds("AT_RANDOM is not zero", sum != 0);
    unsigned eax = 1, ebx, ecx, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    unsigned hwcap = getauxval(AT_HWCAP), always = 1 << 0 | 1 << 15 | 1 << 23 | 1 << 25 | 1 << 26; // fpu cmov mmx sse sse2
    holds("AT_HWCAP is of what cpuid says", !(hwcap & ~edx) && (hwcap & always) == always); // a kernel may hide the rest
    holds("stack above the program's end", (char *)argv > (char *)__builtin_frame_address(0));

    char *empty[] = { NULL };
    run("arguments", (char *[]) { "any name", "role", "two words", "", "\xff\xfe", NULL }, (char *[]) { "A=1", "B=", "no equals", NULL });
    run("eight bits", (char *[]) { "\x80x", "role", "\x80", NULL }, empty);
    run("no arguments at all", empty, empty);
    // Many, and long ones.
    static char *many[20003], large[131072];
    many[0] = "guest";
    many[1] = "count";
    for (int i = 2; i < 20002; i++)
        many[i] = "some argument";
    run("20000 arguments", many, empty);
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    run("an argument of 128 KiB less one", (char *[]) { "guest", "count", large, NULL }, empty);
    static char larger[131073];
    memset(larger, 'x', sizeof larger - 1);
    run("an argument that is too long", (char *[]) { "guest", "count", larger, NULL }, empty);
    return broken;
}
