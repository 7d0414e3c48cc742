// System V's shared memory: who sees it, who is counted, and when it goes.
#include "guest.h"
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096

static int id;

static struct shmid_ds status(void)
{
    struct shmid_ds status;
    memset(&status, 0, sizeof status);
    if (shmctl(id, IPC_STAT, &status) < 0)
        status.shm_nattch = 999;
    return status;
}

static void attached(const char *what)
{
    printf("%s: attached %lu\n", what, (unsigned long)status().shm_nattch);
}

static char text[16];
static char *number(int value)
{
    snprintf(text, sizeof text, "%d", value);
    return text;
}

// A second process.
static int role(char **argv)
{
    id = atoi(argv[2]);
    if (!strcmp(argv[1], "look")) {
        attached("a program has nothing of who started it");
        char *p = shmat(id, NULL, 0);
        if (p == (void *)-1)
            return 1;
        attached("a second process");
        printf("it reads: %s\n", p);
        strcpy(p + 2 * PAGE, "from the child");
        return 0; // still attached
    }
    must("setgid", setgid(65534));
    must("setuid", setuid(65534));
    done("others: shmat", (long)shmat(id, NULL, 0));
    struct shmid_ds other;
    value("others: IPC_STAT", shmctl(id, IPC_STAT, &other));
    value("others: IPC_RMID", shmctl(id, IPC_RMID, NULL));
    value("others: IPC_SET", shmctl(id, IPC_SET, &other));
    value("others: SHM_LOCK", shmctl(id, SHM_LOCK, NULL));
    return 0;
}

static void keys(void)
{
    key_t key = 0x5e000000 | getpid();
    done("no such key", shmget(key, 100, 0600));
    int first = must("shmget", shmget(key, 5000, IPC_CREAT | 0640));
    holds("the same again", shmget(key, 5000, IPC_CREAT | 0640) == first);
    holds("as well a smaller one", shmget(key, 1, 0) == first);
    done("a larger one", shmget(key, 5001, 0));
    done("IPC_EXCL", shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640));
    id = first;
    holds("its key", status().shm_perm.__key == key);
    holds("cpid", status().shm_cpid == getpid());
    printf("size %lu, mode %o\n", (unsigned long)status().shm_segsz, status().shm_perm.mode);
    value("IPC_RMID", shmctl(id, IPC_RMID, NULL));
    done("gone", shmget(key, 100, 0600));
    value("IPC_STAT of what is gone", shmctl(id, IPC_STAT, &(struct shmid_ds) { 0 }));
    int next = must("shmget", shmget(key, 5000, IPC_CREAT | 0640));
    holds("another id", next != first);
    value("IPC_RMID", shmctl(next, IPC_RMID, NULL));
    done("nothing", shmget(IPC_PRIVATE, 0, 0600));
    done("everything", shmget(IPC_PRIVATE, (size_t)-1, 0600));
    done("shmat of nothing", (long)shmat(-1, NULL, 0));
    value("shmctl: no command", shmctl(0, 77, NULL));
}

static void sharing(void)
{
    time_t before = time(NULL) - 1; // Linux stamps with a clock that moves by ticks only
    id = must("shmget", shmget(IPC_PRIVATE, 10000, 0600));
    attached("new");
    holds("no times yet", status().shm_atime == 0 && status().shm_dtime == 0 && status().shm_lpid == 0);
    char *p = shmat(id, NULL, 0);
    attached("shmat");
    holds("all zero", p[0] == 0 && p[9999] == 0 && p[3 * PAGE - 1] == 0);
    holds("atime and lpid", status().shm_atime >= before && status().shm_lpid == getpid());
    strcpy(p, "from the parent");
    pid_t child = START("look", number(id));
    outcome("child", child);
    attached("after it");
    holds("lpid is the child's", status().shm_lpid == child);
    printf("we read: %s\n", p + 2 * PAGE);
    char *q = shmat(id, NULL, 0);
    attached("twice");
    holds("elsewhere", q != p);
    holds("the same memory", !strcmp(q, "from the parent"));
    value("shmdt", shmdt(q));
    holds("dtime", status().shm_dtime >= before);
    value("shmdt again", shmdt(q));
    value("shmdt in the middle", shmdt(p + PAGE));
    value("shmdt askew", shmdt(p + 1));
    char *volatile of_child = NULL; // what a vforked child sets is ours only if it is in memory
    child = vfork();
    if (child == 0) {
        of_child = shmat(id, NULL, 0);
        strcpy(of_child + 100, "a vforked child");
        _exit(0);
    }
    q = of_child;
    outcome("vforked", child);
    attached("its memory is ours");
    printf("it left: %s\n", q + 100);
    value("shmdt", shmdt(q));
    value("shmdt", shmdt(p));
    attached("none");
    p = shmat(id, NULL, 0);
    printf("it stays: %s\n", p);
    shmdt(p);
}

static void places(void)
{
    char *free_place = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    done("over something", (long)shmat(id, free_place, 0));
    holds("SHM_REMAP", shmat(id, free_place, SHM_REMAP) == free_place);
    printf("there: %s\n", free_place);
    value("shmdt", shmdt(free_place));
    holds("at a place", shmat(id, free_place, 0) == free_place);
    value("shmdt", shmdt(free_place));
    done("askew", (long)shmat(id, free_place + 1, 0));
    holds("SHM_RND", shmat(id, free_place + 1, SHM_RND) == free_place);
    done("over itself", (long)shmat(id, free_place + PAGE, 0));
    value("shmdt", shmdt(free_place));
    done("SHM_REMAP nowhere", (long)shmat(id, NULL, SHM_REMAP));
    munmap(free_place, 16 * PAGE);

    char *p = shmat(id, NULL, SHM_RDONLY);
    printf("read only: %s\n", p);
    value("mprotect", mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    int zero = open("/dev/zero", O_RDONLY);
    value("read into it", read(zero, p, 10));
    close(zero);
    value("shmdt", shmdt(p));

    unsigned char *code = shmat(id, NULL, SHM_EXEC);
    if (code == (void *)-1)
        done("SHM_EXEC of what has no x bit", -1);
    static const unsigned char answer[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
    struct shmid_ds set = status();
    set.shm_perm.mode = 0700;
    value("IPC_SET", shmctl(id, IPC_SET, &set));
    if (code == (void *)-1)
        code = shmat(id, NULL, SHM_EXEC);
    memcpy(code + PAGE, answer, sizeof answer);
    printf("code in it answers: %d\n", ((int (*)(void))(code + PAGE))());
    value("shmdt", shmdt(code));
}

static void pieces(void)
{
    char *p = shmat(id, NULL, 0);
    munmap(p + PAGE, PAGE);
    attached("without its middle");
    holds("the ends", !strcmp(p, "from the parent") && !strcmp(p + 2 * PAGE, "from the child"));
    munmap(p, PAGE);
    attached("only its end");
    value("shmdt", shmdt(p));
    attached("none");
    p = shmat(id, NULL, 0);
    char *target = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *moved = mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    holds("moved", moved == target);
    printf("there: %s\n", moved);
    attached("moved");
    value("shmdt where it was", shmdt(p));
    value("shmdt where it is", shmdt(moved));
    attached("none");
}

static void tables(void)
{
    void *p = shmat(id, NULL, 0);
    struct shminfo limits;
    holds("IPC_INFO", shmctl(0, IPC_INFO, (void *)&limits) >= 0);
    printf("shmmin %lu, shmmni %lu, shmseg %lu\n", limits.shmmin, limits.shmmni, limits.shmseg);
    struct shm_info info;
    int highest = shmctl(0, SHM_INFO, (void *)&info);
    holds("SHM_INFO", highest >= 0 && info.used_ids >= 1 && info.shm_tot >= 3);
    int found = 0, found_any = 0;
    for (int i = 0; i <= highest; i++) {
        struct shmid_ds each;
        found += shmctl(i, SHM_STAT, &each) == id && each.shm_segsz == 10000;
        found_any += shmctl(i, 15, &each) == id; // SHM_STAT_ANY
    }
    printf("found by index: %d, %d\n", found, found_any);
    value("a far index", shmctl(30000, SHM_STAT, &(struct shmid_ds) { 0 }));
    FILE *list = fopen("/proc/sysvipc/shm", "r");
    char line[512];
    while (fgets(line, sizeof line, list)) {
        int key, number, cpid, lpid, uid, gid;
        unsigned mode;
        unsigned long size, count;
        if (sscanf(line, "%d %d %o %lu %d %d %lu %d %d", &key, &number, &mode, &size, &cpid, &lpid, &count, &uid, &gid) == 9 && number == id)
            printf("in /proc: %d %o %lu %lu %s, line of %zu\n", key, mode, size, count, cpid == getpid() && lpid == cpid ? "we" : "others", strlen(line));
    }
    fclose(list);
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps)) {
        char *name = strstr(line, "/SYSV");
        if (name)
            printf("in maps: %.4s %s", strchr(line, ' ') + 1, name);
    }
    fclose(maps);
    value("SHM_LOCK", shmctl(id, SHM_LOCK, NULL));
    printf("mode %o\n", status().shm_perm.mode);
    value("SHM_UNLOCK", shmctl(id, SHM_UNLOCK, NULL));
    printf("mode %o\n", status().shm_perm.mode);
    shmdt(p);
}

static void removal(void)
{
    key_t key = 0x5e100000 | getpid();
    id = must("shmget", shmget(key, 3 * PAGE, IPC_CREAT | 0600));
    char *p = shmat(id, NULL, 0);
    strcpy(p, "doomed");
    value("IPC_RMID", shmctl(id, IPC_RMID, NULL));
    printf("mode %o, key %d, attached %lu\n", status().shm_perm.mode, status().shm_perm.__key, (unsigned long)status().shm_nattch);
    done("by key", shmget(key, 1, 0));
    char *q = shmat(id, NULL, 0);
    printf("still: %s\n", q);
    value("shmdt", shmdt(p));
    printf("still: %s\n", q);
    value("munmap", munmap(q, 3 * PAGE));
    value("gone", shmctl(id, IPC_STAT, &(struct shmid_ds) { 0 }));
    // What a program leaves attached goes with it.
    id = must("shmget", shmget(IPC_PRIVATE, 3 * PAGE, 0600));
    p = shmat(id, NULL, 0);
    strcpy(p, "for a child");
    pid_t child = START("look", number(id));
    shmctl(id, IPC_RMID, NULL);
    outcome("child", child);
    shmdt(p);
    value("gone", shmctl(id, IPC_STAT, &(struct shmid_ds) { 0 }));
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return role(argv);
    keys();
    sharing();
    places();
    pieces();
    tables();
    if (geteuid() == 0)
        outcome("others", START("others", number(id)));
    value("IPC_RMID", shmctl(id, IPC_RMID, NULL));
    removal();
    return broken;
}
