// The frame of a signal: where the vector state lies, what a handler may change in it, and what a damaged one comes to.
#include "guest.h"
#include <setjmp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define MAGIC1 0x46505853U
#define MAGIC2 0x46505845U

static volatile int handled, depth;
static sigjmp_buf back;

static void install(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    must("sigaction", sigaction(signal, &action, NULL));
}

// The software bytes of the FXSAVE image: magic, whole size, features, size.
static void on_look(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs;
    uint32_t magic, whole, size, end;
    uint64_t features, header;
    memcpy(&magic, state + 464, 4), memcpy(&whole, state + 468, 4), memcpy(&features, state + 472, 8), memcpy(&size, state + 480, 4);
    holds("aligned to 64", (uintptr_t)state % 64 == 0);
    holds("above the frame", state > (unsigned char *)context);
    if (magic != MAGIC1) { // a processor without XSAVE
        skip_unless(0, "XSAVE");
        return;
    }
    memcpy(&end, state + size, 4);
    memcpy(&header, state + 512, 8);
    holds("the end is marked", end == MAGIC2);
    holds("the sizes fit", whole == size + 4 && size >= 576);
    holds("x87 and SSE are of it", (features & 3) == 3 && (header & 3) == 3);
    holds("no feature that is not announced", (header & ~features) == 0);
    holds("flags of the context", (user->uc_flags & 7) == 7);
    holds("the signal's frame starts with the return", ((uintptr_t)context - 8) % 16 == 8);
    handled++;
}

static void on_change(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    greg_t *registers = user->uc_mcontext.gregs;
    unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs;
    registers[REG_RAX] = 0x1111, registers[REG_RBX] = 0x2222, registers[REG_R12] = 0x3333;
    registers[REG_EFL] |= 1 | 0x40; // carry and zero
    registers[REG_EFL] |= 3 << 12; // what it may not change: the level of I/O
    for (int i = 0; i < 16; i++)
        state[160 + i] = (unsigned char)(0xa0 + i); // xmm0
    for (int i = 0; i < 16; i++)
        state[160 + 15 * 16 + i] = (unsigned char)(0x50 + i); // xmm15
    uint32_t mxcsr = 0x5f80; // rounds up
    memcpy(state + 24, &mxcsr, 4);
    sigaddset(&user->uc_sigmask, SIGUSR2);
    sigaddset(&user->uc_sigmask, SIGKILL);
    handled++;
}

static void changes(void)
{
    uint64_t rax = SYS_tgkill, rbx, r12, flags;
    unsigned char low[16], high[16];
    uint32_t mxcsr, normal = 0x1f80;
    register long pid __asm__("rdi") = getpid();
    register long thread __asm__("rsi") = pid;
    register long number __asm__("rdx") = SIGUSR1;
    __asm__ volatile("xor %%ebx, %%ebx\n\txor %%r12d, %%r12d\n\tsyscall\n\tpushfq\n\tpop %%r8\n\tmov %%rbx, %%r9\n\tmovdqu %%xmm0, %5\n\tmovdqu %%xmm15, %6\n\tstmxcsr %7\n\tldmxcsr %8\n\tmov %%r8, %1\n\tmov %%r9, %2\n\tmov %%r12, %3"
                     : "+a"(rax), "=m"(flags), "=m"(rbx), "=m"(r12), "+r"(number), "=m"(low), "=m"(high), "=m"(mxcsr)
                     : "m"(normal), "r"(pid), "r"(thread)
                     : "rbx", "rcx", "r8", "r9", "r11", "r12", "xmm0", "xmm15", "memory");
    printf("rax %lx rbx %lx r12 %lx carry %d zero %d level %d mxcsr %x\n", (long)rax, (long)rbx, (long)r12, (int)flags & 1, (int)flags >> 6 & 1, (int)flags >> 12 & 3, mxcsr);
    for (int i = 0; i < 16; i++)
        printf("%02x%02x%s", low[i], high[i], i < 15 ? " " : "\n");
    sigset_t set;
    sigprocmask(0, NULL, &set);
    printf("blocked: %d %d %d\n", sigismember(&set, SIGUSR1), sigismember(&set, SIGUSR2), sigismember(&set, SIGKILL));
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

// Every handler of a nested row uses the vector registers; each comes back to its own.
static void on_nested(int signal, siginfo_t *info, void *context)
{
    uint64_t mine = 0x0101010101010101ULL * (uint64_t)++depth, after;
    __asm__ volatile("movq %0, %%xmm7" : : "r"(mine) : "xmm7");
    if (depth < 5)
        syscall(SYS_tgkill, getpid(), getpid(), signal);
    __asm__ volatile("movq %%xmm7, %0" : "=r"(after));
    printf("%lx %s\n", (long)mine, depth-- > 0 && after == mine ? "kept" : "LOST");
}

static void on_jump(int signal, siginfo_t *info, void *context) { siglongjmp(back, signal); }

static void on_once(int signal, siginfo_t *info, void *context) { handled++; }

static int damage(int how);
static int how_damaged;
static void on_damage(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs;
    uint64_t bad = 1ULL << 62;
    uint32_t mxcsr = 0xffffffff, none = 0;
    switch (how_damaged) {
    case 0: user->uc_mcontext.fpregs = (void *)8; break;
    case 1: memcpy(state + 512, &bad, 8); break; // a feature that is none
    case 2: memcpy(state + 24, &mxcsr, 4); break;
    case 3: user->uc_mcontext.gregs[REG_RIP] = (greg_t)0x8000000000000000; break;
    case 4: user->uc_mcontext.fpregs = NULL; break; // this one is allowed: the state of the beginning
    case 5: memcpy(state + 464, &none, 4); break; // without the mark only the old part counts
    case 6: __asm__ volatile("xor %%esp, %%esp; mov $15, %%eax; syscall" : : : "memory"); break;
    default: user->uc_mcontext.gregs[REG_RIP] = 0x123456789000; break;
    }
}

static int damage(int how)
{
    how_damaged = how;
    install(SIGUSR1, on_damage, 0);
    raise(SIGUSR1);
    return 40;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return damage(atoi(argv[1]));
    install(SIGUSR1, on_look, 0);
    raise(SIGUSR1);
    install(SIGUSR1, on_change, 0);
    changes();
    install(SIGUSR1, on_nested, SA_NODEFER);
    raise(SIGUSR1);
    install(SIGUSR1, on_once, SA_RESETHAND);
    handled = 0;
    raise(SIGUSR1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    printf("once: %d, then the default: %d\n", handled, action.sa_handler == SIG_DFL);
    install(SIGUSR1, on_jump, 0);
    volatile int jumps = 0;
    for (volatile int i = 0; i < 1000; i++)
        if (sigsetjmp(back, 1))
            jumps++;
        else
            raise(SIGUSR1);
    value("jumps out", jumps);
    char number[2] = "0";
    static const char *const ways[] = { "a wild place of the vector state", "an unknown feature", "reserved bits of mxcsr", "a wild rip", "no vector state", "without its mark", "no frame", "a rip where nothing is" };
    for (unsigned i = 0; i < COUNT(ways); i++) {
        number[0] = (char)('0' + i);
        outcome(ways[i], START(number));
    }
    return broken;
}
