// GS is the program's own: set and read by arch_prctl, kept by each thread over calls, signals and new programs, and used through the segment prefix.
#include "guest.h"
#include <asm/prctl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile unsigned long block[4] = { 11, 22, 33, 44 }, other[4] = { 55, 66, 77, 88 };

static unsigned long at(unsigned long offset)
{
    unsigned long value;
    asm volatile("mov %%gs:(%1), %0" : "=r"(value) : "r"(offset) : "memory");
    return value;
}

static unsigned long base(void)
{
    unsigned long value = 1;
    must("ARCH_GET_GS", syscall(SYS_arch_prctl, ARCH_GET_GS, &value));
    return value;
}

static void set(volatile void *to) { must("ARCH_SET_GS", syscall(SYS_arch_prctl, ARCH_SET_GS, to)); }

static volatile unsigned long seen, seen_base;
static volatile int rings;

static void look(int signal)
{
    seen = at(8);
    seen_base = base();
}

static void change(int signal) { set(other); }

static void ring(int signal)
{
    rings++;
    if (at(0) != 11 || at(24) != 44)
        seen = 1;
}

static void *thread(void *argument)
{
    holds("a thread begins with its maker's", base() == (unsigned long)block && at(0) == 11);
    set(other);
    sched_yield();
    holds("and may have its own", base() == (unsigned long)other && at(24) == 88);
    getppid();
    asm volatile("incq %%gs:16" ::: "memory");
    holds("to write by", other[2] == 78);
    return NULL;
}

static int faults(unsigned long offset)
{
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        at(offset);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        holds("a new program begins without", base() == 0);
        return broken ? 1 : 5;
    }
    holds("nothing at first", base() == 0);
    done("0 is no change", syscall(SYS_arch_prctl, ARCH_SET_GS, 0));
    done("not in the kernel", syscall(SYS_arch_prctl, ARCH_SET_GS, 1UL << 63));
    done("not to nowhere", syscall(SYS_arch_prctl, ARCH_GET_GS, 8));
    done("set", syscall(SYS_arch_prctl, ARCH_SET_GS, block));
    holds("and read", base() == (unsigned long)block);
    value("its words", at(0) + at(8) + at(16) + at(24));
    holds("after calls", getppid() >= 0 && syscall(5555) == -1 && at(8) == 22);
    struct timespec time;
    holds("after a call of the vDSO", !clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) && !clock_gettime(CLOCK_MONOTONIC, &time) && at(8) == 22);

    signal(SIGUSR1, look);
    raise(SIGUSR1);
    holds("in a handler", seen == 22 && seen_base == (unsigned long)block);
    signal(SIGUSR2, change);
    raise(SIGUSR2);
    holds("what a handler sets stays", base() == (unsigned long)other && at(8) == 66);
    set(block);

    seen = 0;
    signal(SIGALRM, ring);
    struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { { 0 }, { 0 } };
    setitimer(ITIMER_REAL, &often, NULL);
    while (rings < 100)
        if (at(16) != 33)
            seen = 1;
    setitimer(ITIMER_REAL, &never, NULL);
    holds("while signals come", seen == 0);

    pthread_t id;
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
    holds("nobody else's", base() == (unsigned long)block && at(0) == 11);
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        int right = at(8) == 22 && base() == (unsigned long)block;
        set(other);
        _exit(right ? 3 : 4);
    }
    outcome("a child", child);
    holds("not the child's", at(8) == 22);
    outcome("a program", START("again"));
    holds("what leads nowhere is a fault", faults(0x2000 - (unsigned long)block));
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, "\x65\x48\x8b\x04\x25\x08\x00\x00\x00\xc3", 10); // mov %gs:8, %rax; ret
    value("in code made at run time", ((long (*)(void))code)());
    set(NULL);
    holds("and nothing again", base() == 0 && faults(0x2008));
    return broken;
}
