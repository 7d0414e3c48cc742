// Signals that queue: order and priorities, what comes along, who may send what, how many fit, and what /proc and the waiting calls say of them.
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>

#define STRANGER 54321 // a user id that has no process anywhere

static pid_t self, other;
static struct { int signal, code, pid, uid, value; } seen[64];
static volatile int count;

static void on_info(int signal, siginfo_t *info, void *context)
{
    int at = count++;
    seen[at].signal = signal, seen[at].code = info->si_code, seen[at].pid = info->si_pid;
    seen[at].uid = (int)info->si_uid, seen[at].value = info->si_value.sival_int;
}

static const char *who(pid_t pid) { return pid == 0 ? "nobody" : pid == self ? "us" : "another"; }

static void show(const char *what)
{
    printf("%s: %d\n", what, count);
    for (int i = 0; i < count; i++)
        printf("  %d code %d from %s uid %d value %d\n", seen[i].signal, seen[i].code, who(seen[i].pid), seen[i].uid, seen[i].value);
    count = 0;
}

static void show_set(const char *what, const sigset_t *set)
{
    printf("%s:", what);
    for (int i = 1; i < 65; i++)
        if (sigismember(set, i) == 1)
            printf(" %d", i);
    puts("");
}

// The lines of /proc that tell of signals; how many are queued only where nobody else's count along.
static void show_status(const char *what, const char *file, int queued)
{
    static char text[8192];
    int fd = must("open", open(file, O_RDONLY));
    long size = must("read", read(fd, text, sizeof text - 1));
    close(fd);
    text[size] = 0;
    puts(what);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        int shown = !strncmp(line, "SigPnd", 6) || !strncmp(line, "ShdPnd", 6) || !strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6) || !strncmp(line, "SigCgt", 6);
        if (shown || (queued && !strncmp(line, "SigQ", 4)))
            printf("  %s\n", line);
    }
}

static void handle(int signal, int flags, const sigset_t *mask)
{
    struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO | flags };
    if (mask)
        action.sa_mask = *mask;
    must("sigaction", sigaction(signal, &action, NULL));
}

static long queue_value(int signal, int number)
{
    union sigval value = { .sival_int = number };
    return sigqueue(self, signal, value);
}

static void mask_of(int how, int first, int last)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = first; i <= last; i++)
        sigaddset(&set, i);
    sigprocmask(how, &set, NULL);
}

static void release(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void order(void)
{
    mask_of(SIG_BLOCK, 1, 64);
    for (int i = 0; i < 3; i++) {
        must("queue", queue_value(SIGRTMIN + 3, i));
        must("queue", queue_value(SIGRTMIN, 10 + i));
        must("queue", queue_value(SIGUSR2, 20 + i));
        must("queue", queue_value(SIGUSR1, 30 + i));
    }
    must("queue", queue_value(SIGRTMAX, 40));
    kill(self, SIGSEGV);
    kill(self, SIGFPE);
    kill(self, SIGHUP);
    kill(self, SIGRTMIN + 3);
    syscall(SYS_tkill, self, SIGRTMIN + 3);
    sigset_t pending;
    sigpending(&pending);
    show_set("pending", &pending);
    show_status("in /proc", "/proc/self/status", 0);
    release();
    show("the last one delivered runs first"); // every handler is interrupted before its first instruction by the next
    sigset_t all;
    sigfillset(&all);
    for (int i = 1; i < 65; i++)
        if (i != SIGKILL && i != SIGSTOP && i != SIGCHLD && (i < 32 || i >= SIGRTMIN))
            handle(i, 0, &all);
    mask_of(SIG_BLOCK, 1, 64);
    for (int i = 0; i < 2; i++) {
        must("queue", queue_value(SIGRTMIN + 3, i));
        must("queue", queue_value(SIGRTMIN, 10 + i));
        must("queue", queue_value(SIGUSR2, 20 + i));
        must("queue", queue_value(SIGTERM, 30 + i));
    }
    kill(self, SIGSEGV);
    kill(self, SIGFPE);
    syscall(SYS_tkill, self, SIGTERM);
    syscall(SYS_tkill, self, SIGRTMIN + 4);
    release();
    show("one after the other: to the thread, of the processor, the lowest");
}

static void own_infos(void)
{
    siginfo_t info = { .si_code = SI_QUEUE };
    info.si_pid = 7, info.si_uid = 8, info.si_value.sival_int = 9;
    mask_of(SIG_BLOCK, 1, 64);
    value("rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN + 1, &info));
    info.si_value.sival_int = 10;
    value("rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, self, self, SIGRTMIN + 1, &info));
    info.si_signo = SIGUSR1;
    info.si_code = SI_USER;
    value("as of kill, to oneself", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN + 2, &info));
    info.si_code = SI_KERNEL;
    value("as of the kernel, to oneself", syscall(SYS_rt_tgsigqueueinfo, self, self, SIGRTMIN + 2, &info));
    info.si_code = SI_TKILL;
    value("as of tkill, to oneself", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN + 2, &info));
    show_status("in /proc", "/proc/self/status", 0);
    release();
    show("infos of our own");
    info.si_code = SI_USER;
    value("as of kill, to another", syscall(SYS_rt_sigqueueinfo, other, 0, &info));
    info.si_code = 1;
    value("as of the kernel, to another", syscall(SYS_rt_sigqueueinfo, other, 0, &info));
    info.si_code = SI_TKILL;
    value("as of tkill, to another", syscall(SYS_rt_sigqueueinfo, other, 0, &info));
    info.si_code = SI_MESGQ;
    value("as of a message queue, to another", syscall(SYS_rt_sigqueueinfo, other, 0, &info));
    info.si_code = -8;
    value("a code of nobody", syscall(SYS_rt_sigqueueinfo, self, 0, &info));
    ((char *)&info)[100] = 1;
    value("with more than it can say", syscall(SYS_rt_sigqueueinfo, self, 0, &info));
    info.si_code = SI_QUEUE;
    value("a known one may have anything there", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN, &info));
    show("delivered");
    value("no such signal", syscall(SYS_rt_sigqueueinfo, self, 65, &info));
    value("no such process", syscall(SYS_rt_sigqueueinfo, 0x7ffffffe, SIGRTMIN, &info));
    value("process 0", syscall(SYS_rt_sigqueueinfo, 0, SIGRTMIN, &info));
    value("a group", syscall(SYS_rt_sigqueueinfo, -self, SIGRTMIN, &info));
    value("a bad pointer", syscall(SYS_rt_sigqueueinfo, self, SIGRTMIN, 8));
    value("a bad pointer and no such thread", syscall(SYS_rt_tgsigqueueinfo, self, 0, SIGRTMIN, 8));
    value("thread 0", syscall(SYS_rt_tgsigqueueinfo, self, 0, SIGRTMIN, &info));
    value("process 0", syscall(SYS_rt_tgsigqueueinfo, 0, self, SIGRTMIN, &info));
    value("no such thread", syscall(SYS_rt_tgsigqueueinfo, self, 0x7ffffffe, SIGRTMIN, &info));
    value("another's thread", syscall(SYS_rt_tgsigqueueinfo, other, self, SIGRTMIN, &info));
    value("sigqueue of a wrong signal", queue_value(-1, 0));
}

static void *in_thread(void *unused)
{
    siginfo_t info = { .si_code = SI_USER };
    pid_t thread = (pid_t)syscall(SYS_gettid);
    value("a thread as of kill to its process", syscall(SYS_rt_sigqueueinfo, self, 0, &info));
    value("to itself", syscall(SYS_rt_tgsigqueueinfo, self, thread, 0, &info));
    value("to itself as a process", syscall(SYS_rt_sigqueueinfo, thread, 0, &info));
    return NULL;
}

static void waiting(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec none = { 0, 0 }, little = { 0, 2000000 };
    mask_of(SIG_BLOCK, 1, 64);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGRTMIN + 2);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGKILL);
    queue_value(SIGRTMIN + 2, 1);
    queue_value(SIGRTMIN + 1, 2);
    queue_value(SIGUSR1, 3);
    queue_value(SIGRTMIN + 1, 4);
    queue_value(SIGUSR2, 5);
    for (int signal; (signal = sigtimedwait(&set, &info, &none)) > 0;)
        printf("waited for %d code %d value %d from %s\n", signal, info.si_code, info.si_value.sival_int, who(info.si_pid));
    value("no more", sigtimedwait(&set, &info, &none));
    value("after a time", sigtimedwait(&set, &info, &little));
    queue_value(SIGRTMIN + 1, 6);
    value("without an info", sigwaitinfo(&set, NULL));
    queue_value(SIGRTMIN + 1, 7);
    value("a bad info", syscall(SYS_rt_sigtimedwait, &set, 8, &none, 8));
    value("the signal is gone", sigtimedwait(&set, &info, &none));
    struct timespec wrong[] = { { 0, -1 }, { 0, 1000000000 }, { -1, 0 } };
    for (int i = 0; i < 3; i++)
        value("a wrong time", syscall(SYS_rt_sigtimedwait, &set, &info, wrong + i, 8));
    value("a bad time", syscall(SYS_rt_sigtimedwait, &set, &info, 8, 8));
    value("a bad set", syscall(SYS_rt_sigtimedwait, 8, &info, &wrong, 8));
    value("a wrong size", syscall(SYS_rt_sigtimedwait, 8, &info, &wrong, 4));
    value("sigpending of a wrong size", syscall(SYS_rt_sigpending, &set, 16));
    memset(&set, 0xff, sizeof set);
    value("sigpending of a small one", syscall(SYS_rt_sigpending, &set, 4));
    printf("%lx\n", *(unsigned long *)&set);
    value("of a bad one", syscall(SYS_rt_sigpending, 8, 8));
    release();
    show("the other one");
}

// What may be sent to whom, by what the two are.
static const struct { int real, effective, saved; const char *what; } senders[] = {
    { 0, 0, 0, "root" }, { 1, 0, 1, "effective root" }, { 0, 1, 0, "real and saved root" }, { STRANGER, STRANGER, STRANGER, "the same" },
    { STRANGER, 5, 5, "really the same" }, { 5, STRANGER, 5, "effectively the same" }, { 5, 5, STRANGER, "only saved" }, { 5, 5, 5, "another" },
};

static int send_as(int number, pid_t to)
{
    siginfo_t info = { .si_code = SI_QUEUE };
    must("setresuid", syscall(SYS_setresuid, senders[number].real, senders[number].effective, senders[number].saved));
    printf("%s\n", senders[number].what);
    value("  kill", kill(to, 0));
    value("  a signal", kill(to, SIGUSR1));
    value("  SIGCONT of one session", kill(to, SIGCONT));
    value("  a wrong signal", kill(to, 65));
    value("  tgkill", syscall(SYS_tgkill, to, to, 0));
    value("  tkill", syscall(SYS_tkill, to, SIGRTMIN));
    value("  rt_sigqueueinfo", syscall(SYS_rt_sigqueueinfo, to, 0, &info));
    value("  rt_tgsigqueueinfo", syscall(SYS_rt_tgsigqueueinfo, to, to, SIGRTMIN, &info));
    value("  itself", kill(self, 0));
    return 0;
}

static void permissions(void)
{
    int words[2];
    must("pipe", pipe(words));
    fcntl(words[1], F_SETFD, FD_CLOEXEC);
    char number[12], pid[12];
    snprintf(number, sizeof number, "%d", words[0]);
    pid_t stranger = START("stranger", number);
    until_state(stranger, 'S');
    snprintf(pid, sizeof pid, "%d", stranger);
    for (unsigned i = 0; i < COUNT(senders); i++) {
        snprintf(number, sizeof number, "%u", i);
        outcome("sender", START("send", number, pid));
    }
    close(words[1]);
    outcome("stranger", stranger);
}

static void limits(void)
{
    // As a user whose signals nobody else counts along.
    must("setresuid", setresuid(STRANGER, STRANGER, STRANGER));
    struct rlimit limit = { 5, 5 };
    must("setrlimit", setrlimit(RLIMIT_SIGPENDING, &limit));
    mask_of(SIG_BLOCK, 1, 64);
    show_status("none queued", "/proc/self/status", 1);
    for (int i = 0; i < 7; i++)
        value("queue", queue_value(SIGRTMIN + i % 2, i));
    show_status("full", "/proc/self/status", 1);
    value("kill does not fail", kill(self, SIGRTMIN + 5));
    value("tkill does", syscall(SYS_tkill, self, SIGRTMIN + 6));
    value("a standard one goes", queue_value(SIGUSR1, 50));
    value("and again", queue_value(SIGUSR1, 51));
    value("tkill of a standard one", syscall(SYS_tkill, self, SIGUSR2));
    value("kill of one", kill(self, SIGHUP));
    show_status("more than full", "/proc/self/status", 1);
    timer_t timer;
    value("a timer needs a place too", timer_create(CLOCK_MONOTONIC, NULL, &timer));
    release();
    show("delivered");
    show_status("none again", "/proc/self/status", 1);
    mask_of(SIG_BLOCK, 1, 64);
    queue_value(SIGRTMIN, 1);
    queue_value(SIGUSR1, 2);
    show_status("two", "/proc/self/status", 1);
    signal(SIGUSR1, SIG_IGN);
    show_status("ignored", "/proc/self/status", 1);
    limit.rlim_cur = 0;
    must("setrlimit", setrlimit(RLIMIT_SIGPENDING, &limit));
    value("none fits", queue_value(SIGRTMIN, 1));
    value("kill", kill(self, SIGTERM));
    value("kill", kill(self, SIGRTMIN + 1));
    show_status("the last", "/proc/self/status", 1);
    release();
    show("delivered");
}

int main(int argc, char **argv)
{
    self = getpid();
    if (argc > 1) {
        char byte;
        if (argc > 3)
            return send_as(atoi(argv[2]), atoi(argv[3]));
        signal(SIGUSR1, SIG_IGN);
        signal(SIGRTMIN, SIG_IGN);
        must("setresuid", setresuid(STRANGER, STRANGER, STRANGER));
        while (read(atoi(argv[2]), &byte, 1) < 0)
            ;
        return 0;
    }
    for (int i = 1; i < 65; i++)
        if (i != SIGKILL && i != SIGSTOP && i != SIGCHLD && (i < 32 || i >= SIGRTMIN))
            handle(i, 0, NULL);
    order();
    int words[2];
    char number[12];
    must("pipe", pipe(words));
    fcntl(words[1], F_SETFD, FD_CLOEXEC);
    snprintf(number, sizeof number, "%d", words[0]);
    other = START("stranger", number);
    own_infos();
    close(words[1]);
    outcome("the other", other);
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    waiting();
    permissions();
    limits();
    return broken;
}
