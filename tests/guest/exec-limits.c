// A program that is to have less memory than it takes (RLIMIT_AS) ends before it begins.
#include "guest.h"

int main(int argc, char **argv)
{
    static const char *const sizes[] = { "1", "4096", "65536", "140000", "100000000" };
    if (argc > 2)
        return 7;
    if (argc > 1) {
        struct rlimit limit;
        must("getrlimit", getrlimit(RLIMIT_AS, &limit));
        limit.rlim_cur = strtoul(argv[1], NULL, 10);
        must("setrlimit", setrlimit(RLIMIT_AS, &limit));
        execl("/proc/self/exe", "guest", "now", "run", (char *)0);
        value("execve", -1);
        return 1;
    }
    for (size_t i = 0; i < COUNT(sizes); i++)
        outcome(sizes[i], START((char *)sizes[i]));
    // A program that is not there is said to be so, whatever the limit.
    struct rlimit little;
    getrlimit(RLIMIT_AS, &little);
    little.rlim_cur = 1;
    setrlimit(RLIMIT_AS, &little);
    execl("/no/such/program", "guest", (char *)0);
    value("no program", -1);
    return broken;
}
