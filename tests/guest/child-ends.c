// What a parent is told of its children: SIGCHLD's info and waitid's, for ends, stops and continuations, and what it does not want to be told.
#include "guest.h"

static sigset_t chld;
static pid_t child;

static void show(const char *what, const siginfo_t *info)
{
    printf("%s: signal %d code %d errno %d status %d uid %d the child %d\n", what, info->si_signo, info->si_code, info->si_errno, info->si_status, (int)info->si_uid, info->si_pid == child);
}

// Takes SIGCHLD, which is blocked, then what waitid says without and with reaping.
static void told(const char *what, int options)
{
    siginfo_t info;
    puts(what);
    while (sigwaitinfo(&chld, &info) < 0)
        ;
    show("  SIGCHLD", &info);
    memset(&info, 0, sizeof info);
    value("  look", waitid(P_PID, (id_t)child, &info, options | WNOWAIT));
    show("  look", &info);
    memset(&info, 0, sizeof info);
    value("  take", waitid(P_PID, (id_t)child, &info, options));
    show("  take", &info);
    memset(&info, 0x5a, sizeof info);
    value("  nothing more", waitid(P_PID, (id_t)child, &info, options | WNOHANG));
    if (options != WEXITED)
        printf("  pid %d signal %d\n", info.si_pid, info.si_signo);
}

static int pending(void)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGCHLD);
}

static void drain(void)
{
    struct timespec none = { 0, 0 };
    while (sigtimedwait(&chld, NULL, &none) > 0)
        ;
}

static void set_action(void (*handler)(int), int flags)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    must("sigaction", sigaction(SIGCHLD, &action, NULL));
}

static void nothing(int signal) {}

static int role(char *what)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!strcmp(what, "pause"))
        for (;;)
            pause();
    if (!strcmp(what, "abort"))
        abort();
    if (!strcmp(what, "fault"))
        *(volatile char *volatile)NULL = 1;
    if (!strcmp(what, "busy stop")) {
        while (now(CLOCK_PROCESS_CPUTIME_ID) < 60000000)
            ;
        raise(SIGSTOP);
        while (now(CLOCK_PROCESS_CPUTIME_ID) < 110000000)
            ;
        return 3;
    }
    if (!strcmp(what, "stop"))
        raise(SIGSTOP);
    return atoi(what);
}

static void ends(void)
{
    child = START("0");
    told("exit 0", WEXITED);
    child = START("300");
    told("exit 300", WEXITED);
    child = START("abort");
    told("abort", WEXITED);
    child = START("fault");
    told("a fault", WEXITED);
    static const int signals[] = { SIGKILL, SIGTERM, SIGUSR1, SIGQUIT, SIGXCPU };
    for (unsigned i = 0; i < COUNT(signals); i++) {
        child = START("pause");
        until_state(child, 'S');
        kill(child, signals[i]);
        told(strsignal(signals[i]), WEXITED);
    }
}

static void stops(void)
{
    static const int signals[] = { SIGSTOP, SIGTSTP, SIGTTIN };
    child = START("pause");
    until_state(child, 'S');
    for (unsigned i = 0; i < COUNT(signals); i++) {
        kill(child, signals[i]);
        if (signals[i] == SIGSTOP) {
            told(strsignal(signals[i]), WSTOPPED);
            kill(child, SIGCONT);
            told("continued", WCONTINUED);
        }
    }
    until_state(child, 'S');
    kill(child, SIGSTOP);
    until_state(child, 'T');
    drain();
    kill(child, SIGTERM);
    printf("a stopped one is not told: %d\n", pending());
    kill(child, SIGCONT);
    int status;
    while (waitpid(child, &status, 0) < 0)
        ;
    describe("but once it goes on", status);
    drain();
    child = START("stop");
    told("stops itself", WSTOPPED);
    kill(child, SIGKILL);
    told("killed while stopped", WEXITED);
    set_action(nothing, SA_NOCLDSTOP);
    child = START("stop");
    until_state(child, 'T');
    printf("SA_NOCLDSTOP: %d\n", pending());
    siginfo_t info = { 0 };
    value("waitid", waitid(P_PID, (id_t)child, &info, WSTOPPED));
    show("it is there all the same", &info);
    kill(child, SIGCONT);
    told("ends are told", WEXITED);
    set_action(nothing, 0);
}

// SIGCHLD tells the processor time of a child, in ticks; waitid does not.
static void times(void)
{
    siginfo_t info;
    struct rusage usage;
    int status;
    // Linux counts these times by sampling at its clock's ticks, so that beside others a child may be seen too often or too seldom: then another is asked.
    int stopped_right = 0, ended_right = 0;
    for (int attempt = 0; attempt < 20 && !(stopped_right && ended_right); attempt++) {
        child = START("busy stop");
        while (sigwaitinfo(&chld, &info) < 0)
            ;
        int code = info.si_code;
        stopped_right = info.si_utime + info.si_stime >= 4;
        memset(&info, 0x5a, sizeof info);
        long waited = waitid(P_PID, (id_t)child, &info, WSTOPPED);
        if (attempt == 0) {
            printf("a busy one stops: code %d\n", code);
            value("waitid", waited);
            printf("  tells no time: %ld %ld\n", (long)info.si_utime, (long)info.si_stime);
        }
        kill(child, SIGCONT);
        while (sigwaitinfo(&chld, &info) < 0 || info.si_code != CLD_EXITED)
            ;
        must("wait4", wait4(child, &status, 0, &usage) == child ? 0 : -1);
        long used = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 100 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 10000;
        ended_right = info.si_utime + info.si_stime >= 8 && info.si_utime + info.si_stime <= used + 2;
    }
    holds("a busy one stops with its time", stopped_right);
    holds("a busy one's time at its end", ended_right);
    drain();
}

static void unwanted(void)
{
    int status;
    siginfo_t info;
    set_action(nothing, SA_NOCLDWAIT);
    child = START("5");
    value("SA_NOCLDWAIT", waitpid(child, &status, 0));
    printf("SIGCHLD: %d\n", pending());
    sigwaitinfo(&chld, &info);
    show("it", &info);
    set_action(SIG_IGN, 0);
    child = START("6");
    value("ignored", waitpid(child, &status, 0));
    printf("SIGCHLD: %d\n", pending());
    drain();
    child = START("7");
    value("any", waitpid(-1, &status, 0));
    drain();
    set_action(nothing, 0);
    // One that has ended before is a zombie still.
    child = START("8");
    until_state(child, 'Z');
    set_action(SIG_IGN, 0);
    outcome("from before", child);
    set_action(SIG_DFL, 0);
    child = START("9");
    outcome("by default", child);
    drain();
    set_action(nothing, 0);
    value("no options", waitid(P_ALL, 0, &info, 0));
    value("unknown options", waitid(P_ALL, 0, &info, WEXITED | 0x100));
    value("no kind", waitid(9, 0, &info, WEXITED));
    value("no children", waitid(P_ALL, 0, &info, WEXITED));
}

// A group that nobody outside could continue, whatever started this: a stop typed at a terminal means nothing to it.
static int in_own_session(void)
{
    int status;
    pid_t own = vfork();
    if (own == 0) {
        setsid();
        execl("/proc/self/exe", "guest", "session", (char *)0);
        _exit(126);
    }
    must("waitpid", waitpid(must("vfork", own), &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
    // A limit of 1 byte keeps Linux from dumping to a file and to a program alike; 0 would not keep it from the latter.
    setrlimit(RLIMIT_CORE, &(struct rlimit) { 1, 1 });
    if (argc == 1)
        return in_own_session();
    if (strcmp(argv[1], "session"))
        return role(argv[1]);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    set_action(nothing, 0);
    ends();
    stops();
    times();
    unwanted();
    return broken;
}
