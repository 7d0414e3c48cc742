// A program that steps itself: with the trap flag set each instruction is followed by SIGTRAP, handled with the flag off, calls of the kernel and handlers of other signals among them.
#include "guest.h"
#include <sys/syscall.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100
static volatile int traps, traces; // the last one comes when the flag is off already

static void trapped(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    traps++;
    traces += info->si_code == TRAP_TRACE && ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] & TRAP_FLAG;
}

static void off(int signal, siginfo_t *info, void *context)
{
    trapped(signal, info, context);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

static void handle(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    must("sigaction", sigaction(SIGTRAP, &action, NULL));
    traps = traces = 0;
}

int main(void)
{
    handle(trapped);
    __asm__ volatile("sub $128, %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n nop\n nop\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n add $128, %%rsp" ::: "memory", "cc");
    printf("three instructions and three to end it: %d traps, %d traces\n", traps, traces);

    handle(trapped);
    long result = SYS_getppid, other = SYS_getpgid;
    __asm__ volatile("sub $128, %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n syscall\n nop\n mov %1, %%eax\n syscall\n nop\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n add $128, %%rsp"
                     : "+a"(result) : "r"((int)other), "D"(0L) : "rcx", "r11", "memory", "cc");
    printf("calls among them: the answers are right %d\n", result == getpgid(0));
    holds("and there are traps", traps >= 5 && traps == traces + 1);

    handle(off);
    __asm__ volatile("sub $128, %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n nop\n nop\n add $128, %%rsp" ::: "memory", "cc");
    printf("ended by the handler: %d\n", traps);

    return broken;
}
