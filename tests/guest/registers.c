// A system call changes rax, rcx and r11 and nothing else; a signal changes nothing at all, wherever it comes.
#include "guest.h"
#include <sys/syscall.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;

static void on_tick(int signal)
{
    // Make use of everything that must be put back.
    volatile double x = ticks;
    x = x * 1.5 + 2;
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0; movdqa %%xmm0, %%xmm7; movdqa %%xmm0, %%xmm15; std; cld; fld1; fstp %%st(0)" : : : "xmm0", "xmm7", "xmm15", "cc");
    ticks++;
}

struct state { unsigned long general[13]; unsigned char vectors[16][16]; };

// Loads every register with a pattern, does the call, and stores what is in them then.
static void around(long number, long a, struct state *in, struct state *out, unsigned long *flags)
{
    register struct state *from __asm__("r14") = in;
    register struct state *to __asm__("r15") = out;
    __asm__ volatile(
        "push %%rbx; push %%rbp\n"
        "lea 104(%%r14), %%rbx\n"
        "movdqu (%%rbx), %%xmm0; movdqu 16(%%rbx), %%xmm1; movdqu 96(%%rbx), %%xmm6; movdqu 128(%%rbx), %%xmm8; movdqu 240(%%rbx), %%xmm15\n"
        "mov (%%r14), %%rbx; mov 8(%%r14), %%rdx; mov 16(%%r14), %%rsi; mov 24(%%r14), %%rbp; mov 32(%%r14), %%r8\n"
        "mov 40(%%r14), %%r9; mov 48(%%r14), %%r10; mov 56(%%r14), %%r12; mov 64(%%r14), %%r13\n"
        "stc\n"
        "syscall\n"
        "mov %%rbx, (%%r15); mov %%rdx, 8(%%r15); mov %%rsi, 16(%%r15); mov %%rbp, 24(%%r15); mov %%r8, 32(%%r15)\n"
        "mov %%r9, 40(%%r15); mov %%r10, 48(%%r15); mov %%r12, 56(%%r15); mov %%r13, 64(%%r15)\n"
        "pushf; pop %%rcx; pop %%rbp; pop %%rbx; mov %%rdi, 72(%%r15)\n"
        "movdqu %%xmm0, 104(%%r15); movdqu %%xmm1, 120(%%r15); movdqu %%xmm6, 200(%%r15); movdqu %%xmm8, 232(%%r15); movdqu %%xmm15, 344(%%r15)\n"
        : "+a"(number), "+D"(a), "=c"(*flags)
        : "r"(from), "r"(to)
        : "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "xmm0", "xmm1", "xmm6", "xmm8", "xmm15", "memory", "cc");
}

static int compare(struct state *in, struct state *out)
{
    const int vectors[] = { 0, 1, 6, 8, 15 };
    int different = memcmp(in, out, 9 * sizeof(long)) != 0;
    for (size_t i = 0; i < COUNT(vectors); i++)
        different += memcmp(in->vectors[vectors[i]], out->vectors[vectors[i]], 16) != 0;
    return different;
}

int main(void)
{
    struct state in, out;
    unsigned long flags = 0;
    for (size_t i = 0; i < sizeof in; i++)
        ((unsigned char *)&in)[i] = i * 7 + 3;
    const struct { const char *name; long number, argument; } calls[] = {
        { "getpid", SYS_getpid, 0 }, { "getuid", SYS_getuid, 0 }, { "getppid", SYS_getppid, 0 }, { "close of nothing", SYS_close, -1 }, { "no call", 5000, 0 }, { "sched_yield", SYS_sched_yield, 0 } };
    for (size_t i = 0; i < COUNT(calls); i++) {
        memset(&out, 0, sizeof out);
        around(calls[i].number, calls[i].argument, &in, &out, &flags);
        holds(calls[i].name, compare(&in, &out) == 0 && (flags & 1) && out.general[9] == (unsigned long)calls[i].argument);
    }
    value("a call that there is not", syscall(5000));
    value("a negative one", syscall(-1));

    // Ticks while computing: the sum, the vectors, the red zone and the flags stay right.
    struct sigaction action = { .sa_handler = on_tick };
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    int wrong = 0;
    long long end = now(CLOCK_MONOTONIC) + 5000000000LL;
    while (ticks < 50 && now(CLOCK_MONOTONIC) < end) {
        unsigned long mark = 0x1122334455667788, red = 0, vector[2] = { 0, 0 }, flag = 0;
        __asm__ volatile(
            "mov %[mark], -8(%%rsp); mov %[mark], -64(%%rsp); mov %[mark], -120(%%rsp); movq %[mark], %%xmm7; movq %[mark], %%xmm15; movdqa %%xmm7, %%xmm0\n"
            "mov $200000, %%ecx; stc\n"
            "1: lea -1(%%rcx), %%rcx; jrcxz 2f; jmp 1b\n"
            "2: setc %b[flag]; mov -8(%%rsp), %[red]; xor -64(%%rsp), %[red]; xor -120(%%rsp), %[red]; movq %%xmm15, 0(%[vector]); movq %%xmm0, 8(%[vector])\n"
            : [red] "=&r"(red), [flag] "+&r"(flag)
            : [mark] "r"(mark), [vector] "r"(vector)
            : "rcx", "xmm0", "xmm7", "xmm15", "memory", "cc");
        wrong += red != mark || vector[0] != mark || vector[1] != mark || flag != 1;
    }
    setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
    holds("ticks came", ticks >= 50);
    value("wrong", wrong);
    return broken;
}
