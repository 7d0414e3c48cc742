// fork: memory of one's own on both sides, what is inherited and what is not, and ends in any order.
#include "guest.h"
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int data = 1;
static char bss[64 << 10];
static volatile int alarms, *shared;

static void on_alarm(int number) { alarms++; }

static pid_t forked(void)
{
    pid_t child = fork();
    if (child == -1) {
        printf("fork failed: %s\n", strerror(errno));
        exit(1);
    }
    return child;
}

static int status_of(pid_t child)
{
    int status = -1;
    if (waitpid(child, &status, 0) != child)
        return -1;
    return status;
}

// Both sides write where the other looks, in each kind of memory, and take turns by pipes.
static void own_memory(void)
{
    int there[2], back[2];
    char byte;
    must("pipe", pipe(there));
    must("pipe", pipe(back));
    int on_stack = 1;
    char *heap = malloc(100), *large = malloc(1 << 20);
    char *map = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(heap, "parent");
    memset(large, 'p', 1 << 20);
    memset(map, 'p', 16 * 4096);
    pid_t child = forked();
    if (child == 0) {
        int right = data == 1 && on_stack == 1 && !strcmp(heap, "parent") && large[777777] == 'p' && map[5 * 4096] == 'p' && bss[50000] == 0;
        data = on_stack = 2;
        strcpy(heap, "child");
        memset(large + 4096, 'c', 1 << 19);
        memset(map + 4096, 'c', 4096);
        bss[50000] = 'c';
        *shared = 7;
        must("write", write(back[1], "x", 1));
        must("read", read(there[0], &byte, 1));
        right &= data == 2 && on_stack == 2 && !strcmp(heap, "child") && large[5000] == 'c' && large[(1 << 20) - 1] == 'p' && map[4096] == 'c' && map[0] == 'p' && bss[50000] == 'c' && bss[60000] == 0 && *shared == 8;
        _exit(right ? 3 : 4);
    }
    must("read", read(back[0], &byte, 1));
    holds("the parent sees its own memory", data == 1 && on_stack == 1 && !strcmp(heap, "parent") && large[5000] == 'p' && map[4096] == 'p' && bss[50000] == 0);
    holds("and shared memory as it is", *shared == 7);
    data = on_stack = 5;
    bss[60000] = map[0] = 'x';
    strcpy(heap, "again");
    *shared = 8;
    must("write", write(there[1], "x", 1));
    holds("the child saw its own", status_of(child) == 3 << 8);
    holds("nothing of the child's is left", data == 5 && on_stack == 5 && !strcmp(heap, "again") && large[5000] == 'p' && map[4096] == 'p' && map[0] == 'x' && bss[60000] == 'x');
    free(heap);
    free(large);
    munmap(map, 16 * 4096);
    close(there[0]), close(there[1]), close(back[0]), close(back[1]);
    data = 1;
}

static int child_changes(char *map, int how)
{
    switch (how) {
    case 0: return munmap(map + 4096, 4096) == 0;
    case 1: return mprotect(map + 4096, 4096, PROT_READ) == 0 && map[4096] == 'p';
    case 2: return mmap(map + 4096, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == map + 4096 && map[4096] == 0 && (map[4096] = 'n');
    case 3: return madvise(map + 4096, 4096, MADV_DONTNEED) == 0 && map[4096] == 0;
    case 4: {
        char *moved = mremap(map, 8 * 4096, 12 * 4096, MREMAP_MAYMOVE);
        return moved != MAP_FAILED && moved[4096] == 'p' && moved[11 * 4096] == 0;
    }
    case 5: return mmap(map, 8 * 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, open("/proc/self/exe", O_RDONLY), 0) == map && map[1] == 'E';
    default: return mprotect(map, 8 * 4096, PROT_NONE) == 0;
    }
}

// What one side does to its mappings is nothing to the other, whoever runs in between.
static void own_mappings(void)
{
    int right = 1;
    for (int how = 0; how < 7; how++) {
        for (int who = 0; who < 2; who++) {
            int there[2], back[2];
            char byte;
            must("pipe", pipe(there));
            must("pipe", pipe(back));
            char *map = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(map, 'p', 8 * 4096);
            pid_t child = forked();
            int changes = (child == 0) == (who == 0), fine = 1;
            int in = child ? back[0] : there[0], out = child ? there[1] : back[1];
            if (changes)
                fine = child_changes(map, how);
            must("write", write(out, "1", 1));
            must("read", read(in, &byte, 1));
            if (!changes)
                for (int i = 0; i < 8; i++) {
                    fine &= map[i * 4096] == 'p' && map[i * 4096 + 4095] == 'p';
                    map[i * 4096] = 'q';
                }
            else if (how == 2)
                fine &= map[4096] == 'n' && map[0] == 'p';
            must("write", write(out, "2", 1));
            must("read", read(in, &byte, 1));
            if (!changes)
                fine &= map[4096] == 'q' && map[4097] == 'p';
            else if (how == 1)
                fine &= map[4096] == 'p';
            if (child == 0)
                _exit(fine ? 0 : 1);
            fine &= status_of(child) == 0;
            if (!fine)
                printf("changed by the %s, way %d: NO\n", who ? "parent" : "child", how);
            right &= fine;
            if (!changes || how == 1 || how == 6)
                munmap(map, 8 * 4096);
            close(there[0]), close(there[1]), close(back[0]), close(back[1]);
        }
    }
    holds("mappings are each one's own", right);
}

// What is mapped in holes of memory from before and after a fork is one mapping, which moves as such.
static void beside_a_hole(void)
{
    int right = 1;
    for (int round = 0; round < 30; round++) {
        char *maps[6];
        for (int i = 0; i < 6; i++) {
            maps[i] = mmap(NULL, (100 + i) * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            pid_t child = forked();
            if (child == 0)
                _exit(0);
            status_of(child);
        }
        for (int i = 0; i < 6; i++)
            munmap(maps[i], (100 + i) * 4096);
        for (int i = 0; i < 3; i++) {
            char *map = maps[i] = mmap(NULL, 170 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            map[4096] = 'm';
            maps[i] = mremap(map, 170 * 4096, 180 * 4096, MREMAP_MAYMOVE);
            right &= maps[i] != MAP_FAILED && maps[i][4096] == 'm' && maps[i][179 * 4096] == 0;
        }
        for (int i = 0; i < 3; i++)
            munmap(maps[i], 180 * 4096);
    }
    holds("mappings in holes are whole", right);
}

// The heap grows on both sides, at the same addresses.
static void own_heap(void)
{
    char *start = (char *)syscall(SYS_brk, 0), byte;
    int there[2];
    must("pipe", pipe(there));
    pid_t child = forked();
    char *end = (char *)syscall(SYS_brk, start + 40 * 4096);
    memset(start, child ? 'p' : 'c', 40 * 4096);
    if (child == 0) {
        must("read", read(there[0], &byte, 1));
        int right = end == start + 40 * 4096 && start[0] == 'c' && end[-1] == 'c';
        syscall(SYS_brk, start + 4096);
        syscall(SYS_brk, start + 8192);
        _exit(right && start[0] == 'c' && start[4096] == 0 ? 0 : 1);
    }
    must("write", write(there[1], "x", 1));
    holds("the child's heap was its own", status_of(child) == 0);
    holds("and the parent's", end == start + 40 * 4096 && start[0] == 'p' && end[-1] == 'p');
    syscall(SYS_brk, start);
    close(there[0]), close(there[1]);
}

static void inheritance(void)
{
    char byte;
    int there[2];
    must("pipe", pipe(there));
    char *wiped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *left_out = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wiped[0] = left_out[0] = 'p';
    holds("MADV_WIPEONFORK", madvise(wiped, 4096, MADV_WIPEONFORK) == 0);
    holds("MADV_DONTFORK", madvise(left_out, 4096, MADV_DONTFORK) == 0);
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    signal(SIGALRM, on_alarm);
    alarm(1000);
    int file = must("open", open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    must("write", write(file, "abcdef", 6));
    lseek(file, 1, SEEK_SET);
    pid_t parent = getpid(), child = forked();
    if (child == 0) {
        sigset_t pending, blocked;
        sigpending(&pending);
        sigprocmask(SIG_BLOCK, NULL, &blocked);
        int right = holds("no pending signals", !sigismember(&pending, SIGUSR1));
        right &= holds("the mask", sigismember(&blocked, SIGUSR1));
        right &= holds("no alarm", alarm(0) == 0);
        right &= holds("a pid of its own", getpid() != parent && getppid() == parent && gettid() == getpid());
        right &= holds("the file's position is common", read(file, &byte, 1) == 1 && byte == 'b');
        right &= holds("wiped", wiped[0] == 0);
        unsigned char vec;
        right &= holds("left out", mincore(left_out, 4096, &vec) == -1 && errno == ENOMEM);
        struct rusage usage;
        getrusage(RUSAGE_CHILDREN, &usage);
        right &= holds("no children", wait(NULL) == -1 && errno == ECHILD);
        raise(SIGALRM);
        _exit(right && alarms == 1 ? 0 : 1);
    }
    holds("inheritance", status_of(child) == 0);
    holds("the parent's alarm is still set", alarm(0) > 0);
    holds("its signals too", read(file, &byte, 1) == 1 && byte == 'c' && wiped[0] == 'p' && left_out[0] == 'p' && alarms == 0);
    sigpending(&set);
    holds("pending as before", sigismember(&set, SIGUSR1));
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_SETMASK, &old, NULL);
    close(file);
}

// The other process is read and written while its pages are out of place.
static void from_outside(void)
{
    int there[2], back[2];
    char byte, seen[9] = "";
    must("pipe", pipe(there));
    must("pipe", pipe(back));
    char *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(word, "common");
    pid_t child = forked();
    if (child == 0) {
        strcpy(word, "child's");
        must("write", write(back[1], "x", 1));
        must("read", read(there[0], &byte, 1));
        _exit(strcmp(word, "written") == 0 && data == 77 ? 0 : 1);
    }
    must("read", read(back[0], &byte, 1));
    struct iovec here = { seen, 8 }, over_there = { word, 8 };
    holds("process_vm_readv", process_vm_readv(child, &here, 1, &over_there, 1, 0) == 8 && !strcmp(seen, "child's") && !strcmp(word, "common"));
    here.iov_base = "written";
    holds("process_vm_writev", process_vm_writev(child, &here, 1, &over_there, 1, 0) == 8 && !strcmp(word, "common"));
    int more = 77;
    struct iovec number = { &more, sizeof more }, its_number = { &data, sizeof data };
    holds("of a page that is common still", process_vm_writev(child, &number, 1, &its_number, 1, 0) == sizeof more && data == 1);
    must("write", write(there[1], "x", 1));
    holds("the child has it", status_of(child) == 0);
    close(there[0]), close(there[1]), close(back[0]), close(back[1]);
}

static void ends(void)
{
    // A grandchild outlives its parent, and a parent that spins does not starve its child.
    int there[2];
    char byte = 0;
    must("pipe", pipe(there));
    pid_t child = forked();
    if (child == 0) {
        pid_t first = getpid();
        if (forked() == 0) {
            while (getppid() == first)
                sched_yield();
            data = 9;
            write(there[1], "g", 1);
            _exit(0);
        }
        _exit(data);
    }
    holds("the child ended", status_of(child) == 1 << 8);
    holds("the grandchild wrote", read(there[0], &byte, 1) == 1 && byte == 'g' && data == 1);
    *shared = 0;
    child = forked();
    if (child == 0) {
        *shared = 1;
        for (;;)
            data++;
    }
    while (*shared == 0)
        ;
    kill(child, SIGKILL);
    holds("both spun, and the child was killed", status_of(child) == SIGKILL && data == 1);
    child = forked();
    if (child == 0) {
        execl("/proc/self/exe", "fork", "program", (char *)0);
        _exit(127);
    }
    holds("a program is executed", status_of(child) == 5 << 8);
    child = forked();
    if (child == 0) {
        volatile char *nothing = NULL;
        *nothing = 1;
    }
    holds("a fault is the child's alone", (status_of(child) & 127) == SIGSEGV);
    pid_t all[20];
    for (int i = 0; i < 20; i++)
        if ((all[i] = forked()) == 0) {
            data += i;
            _exit(data);
        }
    int right = 1;
    for (int i = 19; i >= 0; i--)
        right &= status_of(all[i]) == (i + 1) << 8;
    holds("twenty, waited for backwards", right);
}

static void raw(void)
{
    int own = 0, parents = 0;
    long child = syscall(SYS_clone, CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, &parents, &own, 0);
    if (child == 0)
        _exit(own == getpid() ? 0 : 1);
    holds("clone without CLONE_VM", child > 0 && status_of(child) == 0 && parents == child && own == 0);
    child = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0);
    if (child == 0) {
        data = 50;
        *shared = 50;
        _exit(data);
    }
    holds("CLONE_VFORK without CLONE_VM", child > 0 && *shared == 50 && data == 1 && status_of(child) == 50 << 8);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 5;
    scratch();
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    own_memory();
    own_mappings();
    beside_a_hole();
    own_heap();
    inheritance();
    from_outside();
    ends();
    raw();
    return broken;
}
