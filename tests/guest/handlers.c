// Handlers of signals: what they are told, what is blocked meanwhile, in which order several come.
#include "guest.h"

static char order[200];
static siginfo_t last;

static void note(int signal)
{
    char word[20];
    snprintf(word, sizeof word, "%d ", signal);
    strcat(order, word);
}

static void on_info(int signal, siginfo_t *info, void *context)
{
    note(signal);
    last = *info;
}

static int depth, deepest, again;
static void on_nested(int signal)
{
    if (++depth > deepest)
        deepest = depth;
    note(signal);
    if (signal == SIGUSR1 && again-- > 0)
        raise(SIGUSR1);
    if (signal == SIGUSR1)
        raise(SIGUSR2);
    note(-signal);
    depth--;
}

static void show(const char *what)
{
    printf("%s: %s\n", what, order);
    order[0] = 0;
}

static void install(int signal, void (*handler)(int), int flags, int also)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
    sigemptyset(&action.sa_mask);
    if (also)
        sigaddset(&action.sa_mask, also);
    must("sigaction", sigaction(signal, &action, NULL));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        union sigval sent = { .sival_int = 4711 };
        return sigqueue(getppid(), SIGUSR1, sent);
    }
    struct sigaction action = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO }, old;
    sigset_t set, none;
    value("sigaction of SIGKILL", sigaction(SIGKILL, &action, NULL));
    value("sigaction of SIGSTOP", sigaction(SIGSTOP, &action, NULL));
    value("asking for SIGKILL", sigaction(SIGKILL, NULL, &old));
    value("sigaction of no signal", sigaction(99, &action, NULL));
    value("sigaction", sigaction(SIGUSR1, &action, &old));
    holds("it was the default", old.sa_handler == SIG_DFL);
    sigaction(SIGUSR1, NULL, &old);
    holds("now it is ours", old.sa_sigaction == on_info && (old.sa_flags & SA_SIGINFO));

    kill(getpid(), SIGUSR1);
    printf("kill: signal %d code %d errno %d from us %d\n", last.si_signo, last.si_code, last.si_errno, last.si_pid == getpid() && last.si_uid == getuid());
    raise(SIGUSR1);
    printf("raise: code %d from us %d\n", last.si_code, last.si_pid == getpid());
    union sigval sent = { .sival_int = -12 };
    value("sigqueue", sigqueue(getpid(), SIGUSR1, sent));
    printf("code %d value %d\n", last.si_code, last.si_value.sival_int);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &none);
    order[0] = 0;
    pid_t child = START("send");
    while (!order[0])
        sigsuspend(&none);
    printf("from a child: code %d value %d pid %d\n", last.si_code, last.si_value.sival_int, last.si_pid == child);
    sigprocmask(SIG_SETMASK, &none, NULL);
    outcome("child", child);
    order[0] = 0;

    install(SIGUSR1, on_nested, 0, 0);
    install(SIGUSR2, on_nested, 0, 0);
    again = 2;
    raise(SIGUSR1);
    show("blocked in its own handler, another one not");
    install(SIGUSR1, on_nested, SA_NODEFER, 0);
    again = 2;
    raise(SIGUSR1);
    show("SA_NODEFER");
    value("deepest", deepest);
    install(SIGUSR1, on_nested, 0, SIGUSR2);
    raise(SIGUSR1);
    show("sa_mask");
    install(SIGUSR1, note, SA_RESETHAND, 0);
    raise(SIGUSR1);
    show("SA_RESETHAND");
    sigaction(SIGUSR1, NULL, &old);
    holds("the default is back", old.sa_handler == SIG_DFL);

    // Pending ones: lowest first, ordinary ones once, real-time ones as often as sent and in order.
    const int signals[] = { SIGTERM, SIGHUP, SIGUSR2, SIGUSR1 };
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, &none);
    for (size_t i = 0; i < COUNT(signals); i++) {
        struct sigaction all = { .sa_handler = note };
        sigfillset(&all.sa_mask);
        sigaction(signals[i], &all, NULL);
        kill(getpid(), signals[i]);
        kill(getpid(), signals[i]);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    show("pending ordinary ones");
    sigprocmask(SIG_BLOCK, &set, &none);
    action.sa_sigaction = on_info;
    action.sa_flags = SA_SIGINFO;
    sigfillset(&action.sa_mask);
    for (int i = 2; i >= 0; i--) {
        sigaction(SIGRTMIN + i, &action, NULL);
        for (int j = 0; j < 2; j++) {
            sent.sival_int = j;
            sigqueue(getpid(), SIGRTMIN + i, sent);
        }
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    show("pending real-time ones");
    value("the last value", last.si_value.sival_int);

    signal(SIGUSR1, SIG_IGN);
    value("ignored", raise(SIGUSR1));
    signal(SIGWINCH, SIG_DFL);
    value("ignored by default", raise(SIGWINCH));
    // What was blocked and pending goes when it becomes ignored.
    signal(SIGUSR1, note);
    sigprocmask(SIG_BLOCK, &set, &none);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR1, note);
    sigprocmask(SIG_SETMASK, &none, NULL);
    show("forgotten");
    return broken;
}
