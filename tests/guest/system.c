// What the system says of itself: uname, sysinfo, limits, usage.
#include "guest.h"
#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(int argc, char **argv)
{
    struct rlimit limit, old;
    if (argc > 1) {
        getrlimit(RLIMIT_NOFILE, &limit);
        printf("a child has the limits: %d %d\n", (int)limit.rlim_cur, (int)limit.rlim_max);
        volatile long sink = 0;
        while (now(CLOCK_PROCESS_CPUTIME_ID) < 30000000)
            sink++;
        return 0;
    }
    struct utsname name;
    value("uname", uname(&name));
    printf("%s %s\n", name.sysname, name.machine);
    int major = 0, minor = 0;
    holds("a release that is a number", sscanf(name.release, "%d.%d", &major, &minor) == 2 && major >= 3);
    holds("a version", name.version[0]);
    char host[65];
    holds("gethostname", gethostname(host, sizeof host) == 0 && !strcmp(host, name.nodename));
    FILE *file = fopen("/proc/sys/kernel/osrelease", "r");
    char line[200] = "";
    holds("the release in /proc", file && fgets(line, sizeof line, file) && !strncmp(line, name.release, strlen(name.release)));

    struct sysinfo info;
    value("sysinfo", sysinfo(&info));
    holds("memory", info.totalram > 0 && info.freeram <= info.totalram && info.mem_unit > 0);
    holds("processes", info.procs > 0);
    struct timespec boot;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    holds("uptime", labs((long)info.uptime - (long)boot.tv_sec) <= 2);
    holds("processors", sysconf(_SC_NPROCESSORS_ONLN) >= 1);
    value("page", sysconf(_SC_PAGESIZE));
    cpu_set_t processors;
    holds("sched_getaffinity", sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) >= 1);
    value("sched_yield", sched_yield());

    must("getrlimit", getrlimit(RLIMIT_NOFILE, &old));
    limit = (struct rlimit) { 50, 60 };
    value("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
    struct rlimit asked;
    value("prlimit asks", prlimit(0, RLIMIT_NOFILE, NULL, &asked));
    printf("%d %d\n", (int)asked.rlim_cur, (int)asked.rlim_max);
    limit = (struct rlimit) { 61, 60 };
    value("more than the most", setrlimit(RLIMIT_NOFILE, &limit));
    value("no such limit", getrlimit(99, &limit));
    value("of nobody", prlimit(99999999, RLIMIT_NOFILE, NULL, &asked));
    pid_t child = START("look");
    outcome("child", child);
    value("of the processor's time", getrlimit(RLIMIT_CPU, &limit));
    holds("which has none", limit.rlim_cur == RLIM_INFINITY);
    value("of the stack", getrlimit(RLIMIT_STACK, &limit));
    holds("which has some", limit.rlim_cur > 0);

    struct rusage usage;
    value("getrusage", getrusage(RUSAGE_SELF, &usage));
    holds("of itself", usage.ru_maxrss > 0 && usage.ru_utime.tv_usec < 1000000);
    value("of its children", getrusage(RUSAGE_CHILDREN, &usage));
    holds("at least what the child used", usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec >= 20000);
    value("of nobody", getrusage(99, &usage));
    value("getpriority", getpriority(PRIO_PROCESS, 0));
    value("nice", nice(3));
    value("getpriority", getpriority(PRIO_PROCESS, 0));
    value("of no kind", getpriority(9, 0));
    value("an unknown call", syscall(999));
    value("another", syscall(1 << 20));
    return broken;
}
