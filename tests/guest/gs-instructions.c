// FSGSBASE: programs that set and read FS and GS by instructions, where the kernel says that they may (AT_HWCAP2); else by asking.
// flags: -mfsgsbase
#include "guest.h"
#include <asm/prctl.h>
#include <immintrin.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

static volatile unsigned long block[2] = { 11, 22 }, other[2] = { 33, 44 };
static volatile int wrong;

static unsigned long word(void)
{
    unsigned long value;
    asm volatile("mov %%gs:8, %0" : "=r"(value)::"memory");
    return value;
}

static unsigned long asked(void)
{
    unsigned long value = 1;
    must("ARCH_GET_GS", syscall(SYS_arch_prctl, ARCH_GET_GS, &value));
    return value;
}

static int may;

static unsigned long read_gs(void) { return may ? _readgsbase_u64() : asked(); }

static void write_gs(volatile void *to)
{
    if (may)
        _writegsbase_u64((unsigned long)to);
    else
        must("ARCH_SET_GS", syscall(SYS_arch_prctl, ARCH_SET_GS, to));
}

// No function that needs the thread's own block may be called in between.
static inline long plain(long number, long first, long second)
{
    long result;
    asm volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}

static void look(int signal) { wrong |= read_gs() != (unsigned long)block; }

static void *thread(void *argument)
{
    wrong |= read_gs() != (unsigned long)block;
    write_gs(other);
    for (int i = 0; i < 1000; i++) {
        sched_yield();
        wrong |= word() != 44 || read_gs() != (unsigned long)other;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    may = (getauxval(AT_HWCAP2) & 2) != 0;
    holds("GS is nothing at first", read_gs() == 0);
    if (argc > 1)
        return 5;
    write_gs(block);
    holds("set", read_gs() == (unsigned long)block && word() == 22);
    holds("as arch_prctl says", asked() == (unsigned long)block);
    must("ARCH_SET_GS", syscall(SYS_arch_prctl, ARCH_SET_GS, other));
    holds("as arch_prctl sets it", read_gs() == (unsigned long)other && word() == 44);
    write_gs(block);
    signal(SIGUSR1, look);
    raise(SIGUSR1);
    pthread_t id;
    pthread_create(&id, NULL, thread, NULL);
    for (int i = 0; i < 1000; i++) {
        wrong |= word() != 22;
        pthread_kill(id, 0);
    }
    pthread_join(id, NULL);
    holds("each thread has its own", !wrong && word() == 22);
    unsigned long fs = 0, kept = 0;
    must("ARCH_GET_FS", syscall(SYS_arch_prctl, ARCH_GET_FS, &fs));
    holds("FS is the thread's", fs == (unsigned long)pthread_self() && (!may || fs == _readfsbase_u64()));
    long parent = getppid(), result;
    if (may) {
        _writefsbase_u64(0x1000);
        result = plain(SYS_getppid, 0, 0);
        kept = _readfsbase_u64();
        _writefsbase_u64(fs);
    } else {
        plain(SYS_arch_prctl, ARCH_SET_FS, 0x1000);
        result = plain(SYS_getppid, 0, 0);
        plain(SYS_arch_prctl, ARCH_GET_FS, (long)&kept);
        plain(SYS_arch_prctl, ARCH_SET_FS, fs);
    }
    holds("and kept over a call", kept == 0x1000 && result == parent);
    outcome("a new program", START("again"));
    return broken;
}
