// Controlling terminals and job control. One process types into the master what the session's leader asks for through a pipe; the leader tells what happens to its jobs.
#include "terminal.h"
#include <sys/prctl.h>

enum { ASK = 20, READY = 21, TTY = 22, HANG_UP = 1, RESIZE = 2 };

static void job(char **argv)
{
    char line[100];
    write(READY, "r", 1);
    if (!strcmp(argv[2], "pause"))
        for (;;)
            pause();
    if (!strcmp(argv[2], "read") || !strcmp(argv[2], "read-ignoring")) {
        if (argv[2][4])
            signal(SIGTTIN, SIG_IGN);
        int got = read(TTY, line, sizeof line);
        if (got < 0)
            value("job: read", -1);
        else
            printf("job: read %.*s", got, line);
    }
    if (!strcmp(argv[2], "write"))
        value("job: write", write(TTY, "hello\n", 6));
    if (!strcmp(argv[2], "take"))
        value("job: tcsetpgrp", tcsetpgrp(TTY, getpgrp()));
    if (!strcmp(argv[2], "resized")) {
        struct winsize size;
        sigset_t set;
        int number;
        sigemptyset(&set);
        sigaddset(&set, SIGWINCH);
        sigwait(&set, &number);
        ioctl(TTY, TIOCGWINSZ, &size);
        printf("job: %s %dx%d\n", strsignal(number), size.ws_col, size.ws_row);
    }
    exit(5);
}

static int ready[2];

static pid_t run(char *how, int group)
{
    char byte;
    pid_t child = vfork();
    if (child == 0) {
        if (group)
            setpgid(0, 0);
        execl("/proc/self/exe", "guest", "job", how, (char *)0);
        _exit(126);
    }
    must("ready", read(ready[0], &byte, 1));
    return child;
}

static void ask(const char *keys) { must("ask", write(ASK, keys, strlen(keys))); }

static void wait_job(const char *what, pid_t child)
{
    int status;
    if (waitpid(child, &status, WUNTRACED) == child)
        describe(what, status);
}

static volatile sig_atomic_t hung_up, continued;
static void on_signal(int signal)
{
    hung_up += signal == SIGHUP;
    continued += signal == SIGCONT;
}

static int leader(char *path)
{
    must("pipe", pipe(ready));
    must("dup2", dup2(ready[1], READY));
    must("setsid", setsid());
    value("no terminal yet", open("/dev/tty", O_RDWR));
    int fd = done("open with O_NOCTTY", open(path, O_RDWR | O_NOCTTY));
    value("still none", open("/dev/tty", O_RDWR));
    value("tcgetpgrp of what is not ours", tcgetpgrp(fd));
    value("TIOCSCTTY", ioctl(fd, TIOCSCTTY, 0));
    close(done("/dev/tty", open("/dev/tty", O_RDWR)));
    must("dup2", dup2(fd, TTY));
    holds("its session is ours", tcgetsid(TTY) == getpid());
    holds("and its foreground", tcgetpgrp(TTY) == getpgrp());
    value("no such group", tcsetpgrp(TTY, 99999999));
    value("a group of another session", tcsetpgrp(TTY, getpgid(getppid())));
    value("a negative group", tcsetpgrp(TTY, -5));

    const char *keys[] = { "\x03", "\x1c", "\x1a" };
    for (int i = 0; i < 3; i++) {
        signal(SIGTTOU, SIG_DFL);
        pid_t child = run("pause", 1);
        signal(SIGTTOU, SIG_IGN);
        must("tcsetpgrp", tcsetpgrp(TTY, child));
        ask(keys[i]);
        wait_job("typed", child);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        must("tcsetpgrp", tcsetpgrp(TTY, getpgrp()));
    }
    signal(SIGTTOU, SIG_DFL);

    pid_t child = run("read", 1);
    wait_job("background read", child);
    signal(SIGTTOU, SIG_IGN);
    must("tcsetpgrp", tcsetpgrp(TTY, child));
    kill(-child, SIGCONT);
    ask("typed\r");
    wait_job("in the foreground", child);
    must("tcsetpgrp", tcsetpgrp(TTY, getpgrp()));
    signal(SIGTTOU, SIG_DFL);
    child = run("read-ignoring", 1);
    wait_job("background read, ignoring", child);

    child = run("write", 1);
    wait_job("background write", child);
    change(TTY, 0, 0, 0, TOSTOP);
    child = run("write", 1);
    wait_job("background write with TOSTOP", child);
    change(TTY, 0, 0, TOSTOP, 0);
    kill(child, SIGCONT);
    wait_job("continued without TOSTOP", child);
    child = run("take", 1);
    wait_job("taking the foreground", child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    sigset_t block, old;
    sigemptyset(&block);
    sigaddset(&block, SIGWINCH);
    sigprocmask(SIG_BLOCK, &block, &old);
    child = run("resized", 0);
    ask((char[]) { RESIZE, 0 });
    wait_job("resized", child);
    // ^C to a group of several, of which we are one.
    signal(SIGINT, SIG_IGN);
    child = run("pause", 0);
    ask("\x03");
    nap(20);
    kill(child, SIGTERM);
    wait_job("a child that ignores as we do", child);
    change(TTY, 0, 0, ISIG, 0);
    ask("\x03\r");
    read_once("without ISIG", TTY);
    change(TTY, 0, 0, 0, ISIG);

    // Hang-up.
    signal(SIGHUP, on_signal);
    signal(SIGCONT, on_signal);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGCONT);
    sigprocmask(SIG_BLOCK, &block, NULL);
    ask((char[]) { HANG_UP, 0 });
    while (!hung_up || !continued)
        sigsuspend(&old);
    printf("hang-up: %d %d\n", (int)hung_up, (int)continued);
    value("write", write(TTY, "x", 1));
    value("/dev/tty", open("/dev/tty", O_RDWR));
    return broken;
}

// A leader that ends takes the foreground job with it, and the terminal from all.
static int short_leader(char *path)
{
    must("pipe", pipe(ready));
    must("dup2", dup2(ready[1], READY));
    must("setsid", setsid());
    must("dup2", dup2(must("open", open(path, O_RDWR)), TTY));
    holds("open made it ours", tcgetsid(TTY) == getpid());
    pid_t child = run("pause", 1);
    signal(SIGTTOU, SIG_IGN);
    must("tcsetpgrp", tcsetpgrp(TTY, child));
    return broken;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (!strcmp(argv[1], "leader"))
            return leader(argv[2]);
        if (!strcmp(argv[1], "short"))
            return short_leader(argv[2]);
        if (!strcmp(argv[1], "none")) {
            setsid();
            value("TIOCSCTTY", ioctl(must("open", open(argv[2], O_RDWR)), TIOCSCTTY, 0));
            return 0;
        }
        job(argv);
    }
    int asked[2], master = open_pair(NULL);
    char path[64];
    snprintf(path, sizeof path, "%s", ptsname(master));
    must("pipe", pipe2(asked, O_CLOEXEC));
    must("dup2", dup2(asked[1], ASK));
    fcntl(master, F_SETFD, FD_CLOEXEC);
    pid_t child = START("leader", path);
    close(asked[1]);
    close(ASK);
    unsigned char key;
    while (read(asked[0], &key, 1) == 1) {
        if (key == HANG_UP)
            close(master);
        else if (key == RESIZE)
            ioctl(master, TIOCSWINSZ, &(struct winsize) { 50, 132, 0, 0 });
        else
            must("type", write(master, &key, 1));
    }
    outcome("leader", child);

    master = open_pair(NULL);
    snprintf(path, sizeof path, "%s", ptsname(master));
    must("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
    child = START("short", path);
    outcome("leader of a short session", child);
    // The job it left behind is hung up and came to us; the terminal is free for the next session.
    int status;
    must("wait", wait(&status));
    describe("its job", status);
    child = START("none", path);
    outcome("the next session", child);
    return broken;
}
