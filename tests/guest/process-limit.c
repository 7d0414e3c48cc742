// RLIMIT_NPROC: a user whose programs start themselves again and again has as many processes and threads as it may have, EAGAIN from then on, and all of them can be ended.
// As an argument: how many; with "root", the bomb is of root's, which only the machine itself limits.
#include "guest.h"
#include <grp.h>
#include <pthread.h>

#define USER 54321

enum { HOLD = 20, FULL = 21 };

static void full(char how)
{
    write(FULL, &how, 1);
}

// Makes children that do the same, until it cannot; and tells so.
static int explodes(char **argv)
{
    while (1) {
        volatile int error = 0;
        pid_t child = vfork();
        if (child == 0) {
            full('c');
            execl("/proc/self/exe", "guest", "explodes", (char *)0);
            error = errno;
            full('x');
            _exit(126);
        }
        if (child < 0)
            error = errno;
        else if (error)
            waitpid(child, NULL, 0);
        if (error) {
            full(error == EAGAIN ? 'f' : error == ENOMEM ? 'm' : '?');
            break;
        }
    }
    char byte;
    while (read(HOLD, &byte, 1) < 0 && errno == EINTR)
        ;
    while (waitpid(-1, NULL, 0) > 0)
        ;
    return 0;
}

static void *waits(void *argument)
{
    char byte;
    while (read(HOLD, &byte, 1) < 0 && errno == EINTR)
        ;
    return NULL;
}

static int threads(int limit)
{
    static pthread_t made[100000];
    int count = 0, error;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    while ((error = pthread_create(&made[count], &small, waits, NULL)) == 0)
        count++;
    if (limit)
        printf("threads: %d, then %s\n", count, strerror(error));
    else
        printf("threads: %s\n", error == EAGAIN || error == ENOMEM ? "until there are no more" : strerror(error));
    full('e');
    for (int i = 0; i < count; i++)
        pthread_join(made[i], NULL);
    error = pthread_create(&made[0], NULL, waits, NULL);
    printf("and then another: %s\n", error ? strerror(error) : "made");
    if (!error)
        pthread_join(made[0], NULL);
    return 0;
}

static void become(int limit)
{
    struct rlimit most = { limit, limit };
    if (!limit)
        return;
    must("setrlimit", setrlimit(RLIMIT_NPROC, &most));
    must("setgroups", setgroups(0, NULL));
    must("setresgid", setresgid(USER, USER, USER));
    must("setresuid", setresuid(USER, USER, USER));
}

static void bomb(int limit, char *role)
{
    int hold[2], told[2];
    char number[20];
    snprintf(number, sizeof number, "%d", limit);
    must("pipe", pipe2(hold, O_CLOEXEC));
    must("pipe", pipe2(told, O_CLOEXEC));
    must("20", dup2(hold[0], HOLD));
    must("21", dup2(told[1], FULL));
    pid_t first = START(role, number);
    close(HOLD);
    close(FULL);
    close(hold[0]);
    close(told[1]);
    // All that have been made have found out that there can be no more: each is told of before it can tell anything.
    int started = 0, stopped = 0, others = 0;
    char how;
    if (!strcmp(role, "threads"))
        must("read", read(told[0], &how, 1));
    else {
        for (started = 1; stopped < started && read(told[0], &how, 1) == 1; ) {
            if (how == 'c')
                started++;
            else if (how == 'x')
                started--;
            else
                stopped++;
            others += how == '?';
        }
        if (limit)
            printf("processes: %d\n", started);
        else
            holds("processes", started > 20);
        value("other errors", others);
    }
    close(hold[1]);
    outcome("the first", first);
    holds("all have gone", read(told[0], &how, 1) == 0);
    close(told[0]);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "starts")) {
        become(atoi(argv[2]));
        execl("/proc/self/exe", "guest", "explodes", (char *)0);
        return 125;
    }
    if (argc > 2 && !strcmp(argv[1], "threads")) {
        become(atoi(argv[2]));
        return threads(atoi(argv[2]));
    }
    if (argc > 1 && !strcmp(argv[1], "explodes"))
        return explodes(argv);
    if (argc > 1 && !strcmp(argv[1], "waits")) {
        become(50);
        waits(NULL);
        return 5;
    }
    if (argc > 1 && !strcmp(argv[1], "none"))
        return 13;
    skip_unless(geteuid() == 0, "root");
    int limit = argc > 1 ? atoi(argv[1]) : 40;
    bomb(limit, "starts");
    bomb(limit, "threads");
    // Who becomes a user that has too many stays what it is until it would be another program.
    int hold[2];
    must("pipe", pipe2(hold, O_CLOEXEC));
    must("20", dup2(hold[0], HOLD));
    pid_t first = START("waits"), second = START("waits");
    close(HOLD);
    close(hold[0]);
    until_state(first, 'S');
    until_state(second, 'S');
    pid_t child = vfork();
    if (child == 0) {
        become(1);
        execl("/proc/self/exe", "guest", "none", (char *)0);
        _exit(errno == EAGAIN ? 11 : 12);
    }
    outcome("a limit of one, with two others", child);
    close(hold[1]);
    outcome("one of them", first);
    outcome("the other", second);
    child = vfork();
    if (child == 0) {
        become(1);
        execl("/proc/self/exe", "guest", "none", (char *)0);
        _exit(errno == EAGAIN ? 11 : 12);
    }
    outcome("a limit of one, with no other", child);
    return broken;
}
