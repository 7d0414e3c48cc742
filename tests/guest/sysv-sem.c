// System V's semaphores: operations all at once or not at all, who waits, and what is undone at the end.
#include "guest.h"
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/sem.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
    struct seminfo *info;
};

static int id;

static int get(int number)
{
    return semctl(id, number, GETVAL);
}

static long set(int number, int value)
{
    return semctl(id, number, SETVAL, (union semun) { .val = value });
}

static long operate(int number, int operation, int flags)
{
    struct sembuf one = { number, operation, flags };
    return semop(id, &one, 1);
}

static void show(const char *what)
{
    unsigned short all[4];
    if (semctl(id, 0, GETALL, (union semun) { .array = all }) < 0)
        value(what, -1);
    else
        printf("%s: %d %d %d %d\n", what, all[0], all[1], all[2], all[3]);
}

static char texts[4][16];
static char *number(int which, int value)
{
    snprintf(texts[which], sizeof texts[which], "%d", value);
    return texts[which];
}

// A child that operates once and ends with the error.
static pid_t child_that(int semaphore, int operation, int flags)
{
    return START("operate", number(0, id), number(1, semaphore), number(2, operation), number(3, flags));
}

static void until(int command, int semaphore, int count)
{
    for (int i = 0; i < 10000 && semctl(id, semaphore, command) != count; i++)
        nap(1);
    printf("%s of %d: %d\n", command == GETNCNT ? "GETNCNT" : "GETZCNT", semaphore, semctl(id, semaphore, command));
}

static int role(char **argv)
{
    id = atoi(argv[2]);
    if (!strcmp(argv[1], "operate")) {
        return operate(atoi(argv[3]), atoi(argv[4]), atoi(argv[5])) ? errno : 0;
    }
    if (!strcmp(argv[1], "sleep")) { // with something to be undone by SETVAL
        return operate(0, 3, SEM_UNDO) || operate(1, -1, 0) ? errno : 0;
    }
    must("setgid", setgid(65534));
    must("setuid", setuid(65534));
    value("others: GETVAL", get(0));
    value("others: SETVAL", set(0, 1));
    value("others: semop", operate(0, 1, 0));
    value("others: semop of zero", operate(0, 0, IPC_NOWAIT));
    value("others: IPC_RMID", semctl(id, 0, IPC_RMID));
    struct semid_ds other;
    memset(&other, 0, sizeof other);
    value("others: IPC_SET", semctl(id, 0, IPC_SET, (union semun) { .buf = &other }));
    return 0;
}

static void values(void)
{
    key_t key = 0x5e000000 | getpid();
    done("no such key", semget(key, 1, 0600));
    done("none", semget(IPC_PRIVATE, 0, 0600));
    done("too many", semget(IPC_PRIVATE, 1000000, 0600));
    done("fewer than none", semget(IPC_PRIVATE, -1, 0600));
    int keyed = must("semget", semget(key, 4, IPC_CREAT | 0600));
    done("more than there are", semget(key, 5, 0));
    holds("the same", semget(key, 0, 0) == keyed);
    done("IPC_EXCL", semget(key, 4, IPC_CREAT | IPC_EXCL));
    id = keyed;
    show("new");
    value("SETVAL", set(1, 7));
    holds("GETPID", semctl(id, 1, GETPID) == getpid() && semctl(id, 0, GETPID) == 0);
    value("SETVAL too high", set(1, 32768));
    value("SETVAL below zero", set(1, -1));
    value("SETVAL of the fifth", set(4, 1));
    value("GETVAL of the fifth", get(4));
    unsigned short all[4] = { 1, 2, 3, 4 };
    value("SETALL", semctl(id, 0, SETALL, (union semun) { .array = all }));
    show("SETALL");
    all[3] = 40000;
    value("SETALL too high", semctl(id, 0, SETALL, (union semun) { .array = all }));
    value("no command", semctl(id, 0, 99));
    struct semid_ds status;
    value("IPC_STAT", semctl(id, 0, IPC_STAT, (union semun) { .buf = &status }));
    printf("of %lu, mode %o, operated on: %s\n", (unsigned long)status.sem_nsems, status.sem_perm.mode, status.sem_otime ? "yes" : "no");
    status.sem_perm.mode = 0644;
    value("IPC_SET", semctl(id, 0, IPC_SET, (union semun) { .buf = &status }));
    semctl(id, 0, IPC_STAT, (union semun) { .buf = &status });
    printf("mode %o\n", status.sem_perm.mode);
}

static void operations(void)
{
    value("take one", operate(0, -1, IPC_NOWAIT));
    value("take another", operate(0, -1, IPC_NOWAIT));
    value("is zero", operate(0, 0, IPC_NOWAIT));
    value("is not zero", operate(1, 0, IPC_NOWAIT));
    struct sembuf both[] = { { 1, -2, 0 }, { 2, -9, IPC_NOWAIT }, { 3, 1, 0 } };
    value("all or nothing", semop(id, both, 3));
    show("nothing");
    both[1].sem_op = -1;
    value("all or nothing", semop(id, both, 3));
    show("all");
    struct sembuf same[] = { { 0, 0, 0 }, { 0, 5, 0 }, { 0, -4, 0 } };
    value("one after the other", semop(id, same, 3));
    show("one after the other");
    value("too high", operate(0, 32767, 0));
    value("just so high", operate(0, 32766, 0));
    value("and down", operate(0, -32767, 0));
    value("no such semaphore", operate(4, 1, 0));
    struct sembuf many[501];
    memset(many, 0, sizeof many);
    value("too many operations", semop(id, many, 501));
    value("many operations", semop(id, many, 500));
    value("no operation", semop(id, many, 0));
    value("no set", semop(-1, many, 1));
    value("no memory", semop(id, (struct sembuf *)8, 1));
    struct semid_ds status;
    semctl(id, 0, IPC_STAT, (union semun) { .buf = &status });
    holds("otime", status.sem_otime != 0 && status.sem_otime <= time(NULL));
}

static void waiting(void)
{
    unsigned short none[4] = { 0, 0, 0, 5 };
    semctl(id, 0, SETALL, (union semun) { .array = none });
    pid_t large = child_that(0, -3, 0);
    until(GETNCNT, 0, 1);
    pid_t small = child_that(0, -1, 0);
    until(GETNCNT, 0, 2);
    pid_t zero = child_that(3, 0, 0);
    until(GETZCNT, 3, 1);
    value("one for the second", operate(0, 1, 0));
    outcome("small", small);
    holds("GETPID is the child's", semctl(id, 0, GETPID) == small);
    value("three for the first", operate(0, 3, 0));
    outcome("large", large);
    value("to zero", operate(3, -5, 0));
    outcome("zero", zero);
    show("after all");
    large = child_that(1, -2, 0);
    until(GETNCNT, 1, 1);
    value("SETVAL lets through", set(1, 2));
    outcome("large", large);
    // Who is killed does not wait any more.
    large = child_that(1, -2, 0);
    until(GETNCNT, 1, 1);
    kill(large, SIGKILL);
    outcome("killed", large);
    until(GETNCNT, 1, 0);
    struct timespec soon = { 0, 20000000 }, wrong = { 0, 1000000000 };
    struct sembuf one = { 1, -1, 0 };
    value("for a while", semtimedop(id, &one, 1, &soon));
    value("for no time", semtimedop(id, &one, 1, &(struct timespec) { 0, 0 }));
    value("for a wrong time", semtimedop(id, &one, 1, &wrong));
    show("nothing was taken");
}

static volatile int rings;
static void ring(int signal)
{
    rings++;
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = ring, .sa_flags = SA_RESTART };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = { .it_value = { 0, 20000 }, .it_interval = { 0, 20000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    value("interrupted, SA_RESTART or not", operate(1, -1, 0));
    timer = (struct itimerval) { 0 };
    setitimer(ITIMER_REAL, &timer, NULL);
    holds("the handler ran", rings > 0);
    value("GETNCNT", semctl(id, 1, GETNCNT));
}

static void *thread(void *unused)
{
    operate(2, 4, SEM_UNDO);
    return NULL;
}

static void undone(void)
{
    unsigned short some[4] = { 10, 0, 0, 0 };
    semctl(id, 0, SETALL, (union semun) { .array = some });
    outcome("up", child_that(0, 5, SEM_UNDO));
    show("down again");
    outcome("down", child_that(0, -5, SEM_UNDO));
    show("up again");
    pid_t child = vfork();
    if (child == 0) {
        operate(0, 2, SEM_UNDO);
        execv("/proc/self/exe", (char *[]) { "guest", "operate", number(0, id), "1", "1", "0", NULL });
        _exit(126);
    }
    outcome("over execve", child);
    show("undone all the same");
    child = START("sleep", number(0, id));
    while (semctl(id, 1, GETVAL) != 0)
        nap(1);
    outcome("went on", child);
    set(1, 0);
    show("undone");
    child = START("sleep", number(0, id));
    until(GETNCNT, 1, 1);
    show("done");
    set(0, 1);
    operate(1, 1, 0);
    outcome("SETVAL forgets", child);
    show("what was to be undone");
    // A process that waits for what another will undo.
    operate(0, -1, 0);
    child = START("sleep", number(0, id));
    until(GETNCNT, 1, 1);
    pid_t waiter = child_that(0, 0, 0);
    until(GETZCNT, 0, 1);
    kill(child, SIGKILL);
    outcome("killed", child);
    outcome("let through", waiter);
    // Threads undo together, at the end of the process.
    pthread_t other;
    must("pthread_create", pthread_create(&other, NULL, thread, NULL) ? -1 : 0);
    pthread_join(other, NULL);
    show("a thread has ended");
    value("too much to undo", operate(2, -4, 0) == 0 ? operate(2, 32767, SEM_UNDO) : -2);
}

static void tables(void)
{
    struct seminfo info;
    holds("IPC_INFO", semctl(0, 0, IPC_INFO, (union semun) { .info = &info }) >= 0);
    printf("%d %d %d %d %d %d %d %d %d %d\n", info.semmap, info.semmni, info.semmns, info.semmnu, info.semmsl, info.semopm, info.semume, info.semusz, info.semvmx, info.semaem);
    int highest = semctl(0, 0, SEM_INFO, (union semun) { .info = &info });
    holds("SEM_INFO", highest >= 0 && info.semusz >= 1 && info.semaem >= 4);
    int found = 0;
    for (int i = 0; i <= highest; i++) {
        struct semid_ds status;
        found += semctl(i, 0, SEM_STAT, (union semun) { .buf = &status }) == id && status.sem_nsems == 4;
        found += semctl(i, 0, 20, (union semun) { .buf = &status }) == id; // SEM_STAT_ANY
    }
    printf("found by index: %d\n", found);
    FILE *list = fopen("/proc/sysvipc/sem", "r");
    char line[512];
    while (fgets(line, sizeof line, list)) {
        int key, number, mode, count;
        if (sscanf(line, "%d %d %o %d", &key, &number, &mode, &count) == 4 && number == id)
            printf("in /proc: %o %d, line of %zu\n", mode, count, strlen(line));
    }
    fclose(list);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return role(argv);
    values();
    operations();
    waiting();
    interrupted();
    undone();
    tables();
    if (geteuid() == 0)
        outcome("others", START("others", number(0, id)));
    pid_t child = child_that(1, -9, 0);
    until(GETNCNT, 1, 1);
    value("IPC_RMID", semctl(id, 0, IPC_RMID));
    outcome("its set is gone", child);
    value("gone", get(0));
    value("gone", operate(0, 1, 0));
    return broken;
}
