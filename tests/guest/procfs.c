// What /proc tells of a process and of the system. Others read it by words and columns: so these are what is looked at.
#include "guest.h"
#include <dirent.h>
#include <sys/mman.h>
#include <sys/statfs.h>

static char text[65536];

static int slurp(const char *path)
{
    int fd = open(path, O_RDONLY), sum = 0, got;
    if (fd < 0) {
        value(path, -1);
        return -1;
    }
    while ((got = read(fd, text + sum, sizeof text - 1 - sum)) > 0)
        sum += got;
    text[sum] = 0;
    close(fd);
    return sum;
}

static long field(const char *key)
{
    char *at = strstr(text, key);
    return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

static int present(const char *keys)
{
    char copy[600];
    int all = 1;
    snprintf(copy, sizeof copy, "%s", keys);
    for (char *key = strtok(copy, " "); key; key = strtok(NULL, " "))
        if (!strstr(text, key)) {
            printf("missing: %s\n", key);
            all = 0;
        }
    return all;
}

static void sleeper_of(pid_t child)
{
    char path[64], state;
    int pid, parent, group, session, fields = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    slurp(path);
    char *end = strrchr(text, ')');
    holds("stat begins with pid and name", sscanf(text, "%d (guest", &pid) == 1 || strstr(text, "(exe)") || end);
    sscanf(end + 2, "%c %d %d %d", &state, &parent, &group, &session);
    printf("state %c, parent right %d, group right %d, session right %d\n", state, parent == getpid(), group == getpgrp(), session == getsid(0));
    for (char *word = strtok(end + 2, " \n"); word; word = strtok(NULL, " \n"))
        fields++;
    value("fields of stat", fields + 2);
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)child);
    int size = slurp(path);
    printf("cmdline of %d bytes: [%s] [%s] [%s]\n", size, text, text + 6, text + 12);
    snprintf(path, sizeof path, "/proc/%d/environ", (int)child);
    holds("environ", (size = slurp(path)) > 0 && memmem(text, size, "HOME=", 5));
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child);
    holds("fd of a child", access(path, R_OK) == 0);
}

int main(int argc, char **argv)
{
    char path[300], link[300];
    struct stat st;
    if (argc > 1)
        for (;;)
            pause();
    struct statfs fs;
    must("statfs", statfs("/proc", &fs));
    printf("type %lx\n", (long)fs.f_type);
    snprintf(path, sizeof path, "%d", (int)getpid());
    holds("self", readlink("/proc/self", link, sizeof link) == (ssize_t)strlen(path) && !strncmp(link, path, strlen(path)));
    DIR *folder = opendir("/proc");
    int found = 0, self = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        found += !strcmp(entry->d_name, path);
        self += !strcmp(entry->d_name, "self");
    }
    closedir(folder);
    printf("in /proc: our number %d times, self %d times\n", found, self);
    value("a process that is not", access("/proc/99999999", F_OK));
    value("a file that is not", access("/proc/self/nothing", F_OK));
    value("creating one", open("/proc/self/new", O_CREAT | O_WRONLY, 0600));
    value("removing one", unlink("/proc/self/stat"));
    value("mkdir", mkdir("/proc/new", 0700));
    must("stat", stat("/proc/self/stat", &st));
    printf("size %d, mode %o\n", (int)st.st_size, st.st_mode & 07777);

    pid_t child = START("first", "second");
    until_state(child, 'S');
    sleeper_of(child);
    kill(child, SIGKILL);
    outcome("child", child);

    slurp("/proc/self/status");
    holds("keys of status", present("Name: State: Tgid: Pid: PPid: Uid: Gid: FDSize: VmSize: VmRSS: Threads: SigPnd: SigBlk: SigIgn: SigCgt:"));
    holds("status: pid", field("\nPid:") == getpid() && field("\nPPid:") == getppid() && field("\nUid:") == getuid());
    value("status: threads", field("\nThreads:"));
    int numbers = 0;
    slurp("/proc/self/statm");
    for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
        numbers++;
    value("fields of statm", numbers);

    // maps: the lines that hold a function, a variable on the stack, and memory of our own.
    slurp("/proc/self/maps");
    char *ours = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    slurp("/proc/self/maps");
    int code = 0, stack = 0, own = 0, order = 1, lines = 0;
    unsigned long last = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long from, to;
        char mode[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3)
            break;
        order &= from >= last && to > from;
        last = to;
        lines++;
        code += (unsigned long)main >= from && (unsigned long)main < to && mode[0] == 'r' && mode[2] == 'x' && strstr(line, "procfs");
        stack += (unsigned long)&child >= from && (unsigned long)&child < to && mode[1] == 'w';
        own += (unsigned long)ours >= from && (unsigned long)ours < to && mode[0] == 'r' && mode[1] == '-';
    }
    printf("maps: code %d, stack %d, own %d, in order %d, enough %d\n", code, stack, own, order, lines > 4);

    // Links.
    int fd = must("open", open("/dev/null", O_RDONLY)), ends[2];
    must("pipe", pipe(ends));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    memset(link, 0, sizeof link);
    value("fd of a file", readlink(path, link, sizeof link));
    puts(link);
    must("lstat", lstat(path, &st));
    printf("link %d, mode %o\n", S_ISLNK(st.st_mode), st.st_mode & 0700);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    memset(link, 0, sizeof link);
    readlink(path, link, sizeof link);
    printf("fd of a pipe: %.6s\n", link);
    done("opening it again", open(path, O_RDONLY | O_NONBLOCK));
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    holds("fdinfo", slurp(path) > 0 && present("pos: flags:"));
    value("a descriptor that is not", readlink("/proc/self/fd/999", link, sizeof link));
    memset(link, 0, sizeof link);
    readlink("/proc/self/exe", link, sizeof link);
    holds("exe", strlen(link) >= 6 && !strcmp(link + strlen(link) - 6, "procfs"));
    chdir("/dev");
    memset(link, 0, sizeof link);
    readlink("/proc/self/cwd", link, sizeof link);
    printf("cwd %s\n", link);
    memset(link, 0, sizeof link);
    readlink("/proc/self/root", link, sizeof link);
    printf("root %s\n", link);
    holds("through cwd", access("/proc/self/cwd/null", F_OK) == 0);
    slurp("/proc/self/comm");
    printf("comm %s", text);
    fd = must("open", open("/proc/self/comm", O_WRONLY));
    value("write to comm", write(fd, "another name that is long", 25));
    slurp("/proc/self/comm");
    printf("comm %s", text);
    holds("mounts", slurp("/proc/self/mounts") > 0 && strstr(text, " /proc proc "));

    // The system.
    slurp("/proc/meminfo");
    holds("meminfo", present("MemTotal: MemFree: MemAvailable: Buffers: Cached: SwapTotal:") && field("MemTotal:") > 0);
    slurp("/proc/cpuinfo");
    holds("cpuinfo", present("processor vendor_id flags"));
    double up = 0, idle = 0;
    slurp("/proc/uptime");
    holds("uptime", sscanf(text, "%lf %lf", &up, &idle) == 2 && up > 0);
    int running, total, latest;
    slurp("/proc/loadavg");
    holds("loadavg", sscanf(text, "%*f %*f %*f %d/%d %d", &running, &total, &latest) == 3 && running >= 1 && total >= running);
    slurp("/proc/stat");
    holds("stat", present("cpu cpu0 intr ctxt btime processes procs_running"));
    slurp("/proc/version");
    printf("%.14s\n", text);
    holds("filesystems", slurp("/proc/filesystems") > 0 && present("proc tmpfs"));
    holds("cmdline", slurp("/proc/cmdline") >= 0);
    slurp("/proc/sys/kernel/ostype");
    printf("%s", text);
    holds("hostname", slurp("/proc/sys/kernel/hostname") > 0);
    holds("pid_max", slurp("/proc/sys/kernel/pid_max") > 0 && atoi(text) >= 32768);
    slurp("/proc/sys/kernel/random/boot_id");
    value("boot_id", strlen(text));
    slurp("/proc/sys/kernel/random/uuid");
    snprintf(path, sizeof path, "%s", text);
    slurp("/proc/sys/kernel/random/uuid");
    holds("another uuid each time", strlen(text) == 37 && strcmp(path, text));
    return broken;
}
