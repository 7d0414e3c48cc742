// What /proc/PID/task says of each thread: its own name, numbers, signals, processors and children.
#include "clone.inc.c"
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>

static volatile pid_t tid;
static volatile int stop, step;
static pid_t child_of_thread;
static char text[16384];

static char *file_of(pid_t pid, pid_t thread, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)thread, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(text, sizeof text, "%s: %s", name, strerror(errno));
        return text;
    }
    ssize_t got, all = 0;
    while ((got = read(fd, text + all, sizeof text - 1 - all)) > 0)
        all += got;
    if (got < 0)
        all = snprintf(text, sizeof text, "%s: %s", name, strerror(errno));
    text[all] = 0;
    close(fd);
    return text;
}

static void write_file(const char *what, pid_t thread, const char *name, const char *content)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", (int)thread, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    value(what, fd < 0 ? -1 : write(fd, content, strlen(content)));
    close(fd);
}

// A number becomes whose it is.
static const char *who(long number)
{
    static char other[32];
    if (number == getpid())
        return "process";
    if (number == tid)
        return "thread";
    if (number == child_of_thread)
        return "child";
    if (number == getppid())
        return "parent";
    if (number == getpgrp())
        return "group";
    snprintf(other, sizeof other, "%ld", number);
    return other;
}

static void show_stat(const char *what, pid_t thread)
{
    char *at = file_of(getpid(), thread, "stat"), *name = strchr(at, '('), *end = strrchr(at, ')');
    long fields[60];
    int count = 0;
    printf("%s: %s, %.*s, %c", what, who(atol(at)), (int)(end - name + 1), name, end[2]);
    for (char *rest = end + 4; count < 50 && *rest && *rest != '\n'; count++)
        fields[count] = strtol(rest, &rest, 10);
    // From field 4 (ppid) on: parent, threads 20, priority 18, nice 19, pending 31, blocked 32, ignored 33, caught 34, exit signal 38, realtime priority 40, policy 41.
    printf(", parent %s, threads %ld, priority %ld, nice %ld, signals %lx %lx %lx %lx, at exit %ld, real time %ld, policy %ld, %d fields\n", who(fields[0]), fields[16], fields[14], fields[15],
        fields[27], fields[28], fields[29], fields[30], fields[34], fields[36], fields[37], count + 3);
}

static void show_status(const char *what, pid_t thread)
{
    static const char *const names[] = { "Name:", "Umask:", "State:", "Tgid:", "Pid:", "PPid:", "TracerPid:", "Uid:", "Gid:", "NStgid:", "NSpid:", "Threads:", "SigPnd:", "ShdPnd:", "SigBlk:", "SigIgn:", "SigCgt:", "NoNewPrivs:" };
    file_of(getpid(), thread, "status");
    printf("%s:\n", what);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        for (size_t i = 0; i < COUNT(names); i++) {
            if (strncmp(line, names[i], strlen(names[i])))
                continue;
            if (strstr(names[i], "gid:") || (strstr(names[i], "Pid:") && names[i][0] != 'T') || strstr(names[i], "pid:"))
                printf("  %s %s\n", names[i], strchr("TGNP", line[0]) && line[0] != 'G' ? who(atol(line + strlen(names[i]))) : line + strlen(names[i]));
            else
                printf("  %s\n", line);
        }
    }
}

static char *status_line(pid_t thread, const char *name)
{
    char *at = strstr(file_of(getpid(), thread, "status"), name);
    if (!at)
        return "none";
    at += strlen(name);
    at[strcspn(at, "\n")] = 0;
    return at;
}

static void show_children(const char *what, pid_t thread)
{
    printf("%s:", what);
    for (char *at = strtok(file_of(getpid(), thread, "children"), " "); at; at = strtok(NULL, " "))
        printf(" %s", who(atol(at)));
    puts("");
}

static void *run(void *argument)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    prctl(PR_SET_NAME, "a (thread)");
    setpriority(PRIO_PROCESS, 0, 5);
    child_of_thread = START("waits");
    until_state(child_of_thread, 'T');
    tid = (pid_t)syscall(SYS_gettid);
    while (!stop)
        sched_yield();
    return NULL;
}

static void names(void)
{
    write_file("a name", tid, "comm", "other\n");
    printf("is %s", file_of(getpid(), tid, "comm"));
    write_file("a long name", tid, "comm", "0123456789abcdefghijklmnop");
    printf("is %s", file_of(getpid(), tid, "comm"));
    write_file("no name", tid, "comm", "");
    printf("is %s", file_of(getpid(), tid, "comm"));
    write_file("the first thread's", getpid(), "comm", "first");
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    printf("it is %s; %s", name, file_of(getpid(), getpid(), "comm"));
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)child_of_thread);
    int fd = must("open", open(path, O_WRONLY | O_CLOEXEC));
    value("another process's", write(fd, "x", 1));
    close(fd);
}

static void processors(void)
{
    uint64_t mask[16], all[16] = { 0 };
    must("sched_getaffinity", syscall(SYS_sched_getaffinity, 0, sizeof all, all));
    char before[256], after[256], list[32];
    strcpy(before, status_line(tid, "Cpus_allowed_list:\t"));
    memset(mask, 0, sizeof mask);
    int first = 0;
    while (!(all[first / 64] >> first % 64 & 1))
        first++;
    mask[first / 64] = 1UL << first % 64;
    must("sched_setaffinity", syscall(SYS_sched_setaffinity, tid, sizeof mask, mask));
    strcpy(after, status_line(tid, "Cpus_allowed_list:\t"));
    snprintf(list, sizeof list, "%d", first);
    holds("the thread may run on the first only", !strcmp(after, list));
    holds("its maker runs where it did", !strcmp(before, status_line(getpid(), "Cpus_allowed_list:\t")));
    holds("as a mask, too", strtoul(status_line(tid, "Cpus_allowed:\t"), NULL, 16) == mask[0]);
}

static pid_t orphan;

static void *leaves(void *argument)
{
    orphan = START("waits", "killed");
    until_state(orphan, 'T');
    return NULL;
}

static void *waits_for_own(void *argument)
{
    value("a thread of another's children", waitpid(child_of_thread, NULL, __WNOTHREAD | WNOHANG));
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (argc > 2)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        raise(SIGSTOP);
        return 0;
    }
    skip_unless(geteuid() == 0, "root");
    prctl(PR_SET_NAME, "maker");
    signal(SIGHUP, SIG_IGN);
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    while (!tid)
        sched_yield();
    syscall(SYS_tkill, tid, SIGUSR2);
    show_stat("the thread", tid);
    show_stat("its maker", getpid());
    show_status("the thread", tid);
    show_status("its maker", getpid());
    show_children("the thread's children", tid);
    show_children("its maker's", getpid());
    value("waiting for one's own only", waitpid(child_of_thread, NULL, __WNOTHREAD | WNOHANG));
    value("waiting for all", waitpid(child_of_thread, NULL, WNOHANG));
    pthread_t other;
    pthread_create(&other, NULL, waits_for_own, NULL);
    pthread_join(other, NULL);
    names();
    processors();
    static const char *const same[] = { "cmdline", "maps", "environ", "limits", "auxv", "personality", "mounts" };
    for (size_t i = 0; i < COUNT(same); i++) {
        static char first[sizeof text];
        strcpy(first, file_of(getpid(), getpid(), same[i]));
        printf("%s: ", same[i]);
        holds("the same for both", !strcmp(first, file_of(getpid(), tid, same[i])));
    }
    struct stat status;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/task", (int)tid);
    value("a thread has no threads", stat(path, &status));
    snprintf(path, sizeof path, "/proc/%d/comm", (int)tid);
    value("though it is found as a process", stat(path, &status));
    snprintf(path, sizeof path, "/proc/%d/task/%d", (int)child_of_thread, (int)tid);
    value("not below another", stat(path, &status));
    stop = 1;
    pthread_join(thread, NULL);
    while (thread_state(tid))
        sched_yield();
    show_children("its children are its maker's now", getpid());
    must("kill", kill(child_of_thread, SIGKILL));
    outcome("the child", child_of_thread);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    value("nothing is left", stat(path, &status));
    show_children("none is left", getpid());
    pthread_create(&other, NULL, leaves, NULL);
    pthread_join(other, NULL);
    outcome("one whose maker has ended", orphan);
    return broken;
}
