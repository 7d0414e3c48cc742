// Programs that the processor stops, and that do not catch it, block it or ignore it in vain.
#include "guest.h"

static void on_fault(int signal)
{
    printf("handler\n");
    raise(SIGSEGV);
    _exit(50); // the raised one is blocked until we return
}

static void fault(const char *how)
{
    volatile long zero = 0;
    if (!strcmp(how, "null"))
        *(volatile char *)zero = 1;
    if (!strcmp(how, "call"))
        ((void (*)(void))zero)();
    if (!strcmp(how, "divide"))
        __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx");
    if (!strcmp(how, "illegal"))
        __asm__ volatile("ud2");
    if (!strcmp(how, "trap"))
        __asm__ volatile("int3");
    if (!strcmp(how, "privileged"))
        __asm__ volatile("cli");
    if (!strcmp(how, "wild"))
        ((void (*)(void))0x123456789000)();
    if (!strcmp(how, "stack"))
        __asm__ volatile("xor %%esp, %%esp; push %%rax" : : : "memory");
    if (!strcmp(how, "abort"))
        abort();
}

static int role(char **argv)
{
    const int all[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(all); i++) {
        sigaddset(&set, all[i]);
        if (argv[2] && !strcmp(argv[2], "ignored"))
            signal(all[i], SIG_IGN);
    }
    if (argv[2] && !strcmp(argv[2], "blocked"))
        sigprocmask(SIG_BLOCK, &set, NULL);
    if (argv[2] && !strcmp(argv[2], "handled"))
        signal(SIGSEGV, on_fault);
    if (argv[2] && !strcmp(argv[2], "vfork")) {
        pid_t child = vfork();
        if (child == 0)
            fault(argv[1]);
        outcome("a vforked child", child);
        return 43;
    }
    fault(argv[1]);
    return 42;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    char *ways[] = { "null", "call", "divide", "illegal", "trap", "privileged", "wild", "stack", "abort" };
    for (size_t i = 0; i < COUNT(ways); i++)
        outcome(ways[i], START(ways[i]));
    for (size_t i = 0; i < 4; i++) {
        char what[40];
        snprintf(what, sizeof what, "%s, ignored in vain", ways[i]);
        outcome(what, START(ways[i], "ignored"));
        snprintf(what, sizeof what, "%s, blocked in vain", ways[i]);
        outcome(what, START(ways[i], "blocked"));
    }
    outcome("in its handler", START("null", "handled"));
    outcome("the parent lives", START("null", "vfork"));
    outcome("the parent lives", START("divide", "vfork"));
    return broken;
}
