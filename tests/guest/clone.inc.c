// clone(2) and clone3(2) without a C library between: a child that runs a function on a stack of its own and ends, by calls of its own only, since it may share its maker's errno.
#include "guest.h"
#include <linux/sched.h>
#include <sys/syscall.h>

#define STACK 65536
#define TOP(stack) ((char *)(stack) + sizeof(stack))

typedef int role(void *argument);

SHARED long call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

#define CALL_(number, a, b, c, d, e, f, ...) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(number, ...) CALL_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

// As value, of a call that answers its error.
SHARED long answer(const char *what, long result)
{
    if (result < 0)
        printf("%s: %s\n", what, strerror((int)-result));
    else
        printf("%s: %ld\n", what, result);
    return result;
}

// The same of one that answers a number that differs.
SHARED long made(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? strerror((int)-result) : "made");
    return result;
}

// The raw call. The child calls run(argument), which lies on its new stack, and ends with what that returns.
SHARED long spawn(unsigned long flags, void *top, int *parent_tid, int *child_tid, void *tls, role *run, void *argument)
{
    void **stack = top;
    *--stack = argument;
    *--stack = (void *)run;
    register int *r10 __asm__("r10") = child_tid;
    register void *r8 __asm__("r8") = tls;
    long result;
    __asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tpop %%rax\n\tpop %%rdi\n\tcall *%%rax\n\tmov %%eax, %%edi\n\tmov $60, %%eax\n\tsyscall\n\thlt\n1:"
        : "=a"(result) : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(parent_tid), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
}

// Arguments that end with two words of the stack's.
SHARED long spawn3(struct clone_args *arguments, size_t size, role *run, void *argument)
{
    register role *r12 __asm__("r12") = run;
    register void *r13 __asm__("r13") = argument;
    long result;
    __asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tmov %%r13, %%rdi\n\tcall *%%r12\n\tmov %%eax, %%edi\n\tmov $60, %%eax\n\tsyscall\n\thlt\n1:"
        : "=a"(result) : "a"(SYS_clone3), "D"(arguments), "S"(size), "r"(r12), "r"(r13) : "rcx", "r11", "memory");
    return result;
}

// How a child ended, which may be one that is told by another signal than SIGCHLD.
SHARED void reap(const char *what, long child)
{
    int status = 0;
    long pid;
    while ((pid = CALL(SYS_wait4, child, &status, __WALL)) == -EINTR)
        ;
    if (pid < 0)
        answer(what, pid);
    else
        describe(what, status);
}
