// Every resource limit, set and read back as /proc shows it.
#include "guest.h"

static char text[8192];

static void show(const char *what)
{
    int fd = must("open", open("/proc/self/limits", O_RDONLY));
    long size = must("read", read(fd, text, sizeof text));
    close(fd);
    printf("%s\n%.*s", what, (int)size, text);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        show("as a child has them");
        return 0;
    }
    // Nice and real-time priority are 0 everywhere, and so is a core file here.
    for (int i = 0; i < 16; i++) {
        int large = i == RLIMIT_DATA || i == RLIMIT_STACK || i == RLIMIT_AS || i == RLIMIT_RSS || i == RLIMIT_FSIZE;
        struct rlimit limit = { (large ? 1UL << 40 : 1000UL) + (rlim_t)i, large ? RLIM_INFINITY : 2000UL + (rlim_t)i };
        if (i == RLIMIT_NICE || i == RLIMIT_RTPRIO || i == RLIMIT_CORE)
            limit = (struct rlimit){ 0, 0 };
        if (i == RLIMIT_STACK)
            limit = (struct rlimit){ 8 << 20, 64 << 20 };
        if (i == RLIMIT_RTTIME)
            limit = (struct rlimit){ 5, RLIM_INFINITY };
        printf("%d: ", i);
        value("setrlimit", setrlimit(i, &limit));
    }
    show("set");
    outcome("child", START("show"));
    struct rlimit wrong = { 2, 1 };
    value("more than the hard limit", setrlimit(RLIMIT_CORE, &wrong));
    value("no such limit", setrlimit(16, &wrong));
    return broken;
}
