// Faults that are handled on a stack of their own: what they say, mending and going on, a stack that is used up, and those that nobody may hold back.
#include "guest.h"
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char stack[65536] __attribute__((aligned(4096)));
static char *pages;
static sigjmp_buf back;
static volatile int number, code, inside, flags, mended;
static void *volatile address;

static void note(int signal, siginfo_t *info)
{
    char local;
    number = signal, code = info->si_code, address = info->si_addr;
    inside = &local >= stack && &local < stack + sizeof stack;
}

static void on_jump(int signal, siginfo_t *info, void *context)
{
    note(signal, info);
    siglongjmp(back, 1);
}

// Makes the page what it should be: the first time there is none, the second time it may not be written.
static void on_mend(int signal, siginfo_t *info, void *context)
{
    note(signal, info);
    char *page = (char *)((uintptr_t)info->si_addr & ~4095UL);
    if (info->si_code == SEGV_MAPERR)
        must("mmap", mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page ? 0 : -1);
    else
        must("mprotect", mprotect(page, 4096, PROT_READ | PROT_WRITE));
    mended++;
}

static void on_flags(int signal, siginfo_t *info, void *context)
{
    stack_t now_in_use;
    note(signal, info);
    sigaltstack(NULL, &now_in_use);
    flags = now_in_use.ss_flags;
    // What the frame remembers is what sigreturn puts back.
    printf("in the handler: on it %d, flags %x, size %d, frame's flags %x\n", inside, (unsigned)flags, now_in_use.ss_size == sizeof stack, (unsigned)((ucontext_t *)context)->uc_stack.ss_flags);
    stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
    if (flags & SS_ONSTACK)
        value("another one", sigaltstack(&other, NULL));
}

static void install(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigaction(signal, &action, NULL);
}

static int __attribute__((noinline)) deeper(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth > atoi("1000000000") ? 0 : deeper(depth + 1) + room[0]; // never, which the compiler does not know
}

#define FAULT(what, where, ...) \
    do { \
        number = code = 0; \
        if (!sigsetjmp(back, 1)) { \
            __VA_ARGS__; \
            printf("%s: nothing happened\n", what); \
        } else \
            printf("%s: %s, code %d, address %s, on its stack %d\n", what, strsignal(number), code, address == (void *)(where) ? "right" : "other", inside); \
    } while (0)

extern char illegal[], divide[];

static int doomed(char *what)
{
    sigset_t set;
    sigfillset(&set);
    if (strchr(what, 'b'))
        sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 1; i < 32 && strchr(what, 'i'); i++)
        if (i != SIGKILL && i != SIGSTOP)
            signal(i, SIG_IGN);
    if (strchr(what, 'h'))
        install(SIGSEGV, on_jump), install(SIGILL, on_jump), install(SIGFPE, on_jump), install(SIGTRAP, on_jump), install(SIGBUS, on_jump);
    // A stack that is none: the handler has nowhere to run.
    if (strchr(what, 'n')) {
        char *hole = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sigaltstack(&(stack_t) { .ss_sp = hole, .ss_size = 65536 }, NULL);
        install(SIGSEGV, on_jump), install(SIGUSR1, on_jump);
        if (what[1] == 'u')
            raise(SIGUSR1);
    }
    switch (what[0]) {
    case '1': *(volatile char *volatile)NULL = 1; break;
    case '2': __asm__ volatile("ud2"); break;
    case '3': __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx"); break;
    case '4': __asm__ volatile("int3"); break;
    }
    return 41;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return doomed(argv[1]);
    stack_t ours = { .ss_sp = stack, .ss_size = sizeof stack }, old;
    must("sigaltstack", sigaltstack(&ours, NULL));
    const int all[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    for (unsigned i = 0; i < COUNT(all); i++)
        install(all[i], on_jump);
    pages = mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    FAULT("SEGV_MAPERR", pages + 4096 + 9, (void)*(volatile char *)(pages + 4096 + 9));
    FAULT("SEGV_ACCERR", pages + 3, *(volatile char *)(pages + 3) = 1);
    FAULT("FPE_INTDIV", divide, __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; .globl divide; divide: div %%ecx" : : : "eax", "ecx", "edx"));
    FAULT("ILL_ILLOPN", illegal, __asm__ volatile(".globl illegal; illegal: ud2"));
    FAULT("int3", 0, __asm__ volatile("int3"));
    scratch();
    make_file("file", "x", 0600);
    int fd = must("open", open("file", O_RDWR));
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAULT("BUS_ADRERR", map + 4096 + 5, *(volatile char *)(map + 4096 + 5) = 1);
    leave();
    FAULT("the stack is used up", address, value("deeper", deeper(0)));
    FAULT("and once more", address, value("deeper", deeper(0)));

    install(SIGSEGV, on_mend);
    *(volatile char *)(pages + 4096 + 7) = 5;
    printf("mended %d times, wrote %d, last code %d, the address %s\n", mended, pages[4096 + 7], code, address == pages + 4096 + 7 ? "right" : "other");
    mended = 0;
    for (int i = 0; i < 1000; i++) {
        mprotect(pages + 4096, 4096, PROT_NONE);
        (*(volatile int *)(pages + 4096 + 64))++;
    }
    printf("a thousand times: %d, counted %d\n", mended, *(int *)(pages + 4096 + 64));

    install(SIGUSR1, on_flags);
    raise(SIGUSR1);
    ours.ss_flags = (int)SS_AUTODISARM;
    value("SS_AUTODISARM", sigaltstack(&ours, NULL));
    raise(SIGUSR1);
    sigaltstack(NULL, &old);
    printf("after it: flags %x, size %d\n", (unsigned)old.ss_flags, old.ss_size == sizeof stack);
    ours.ss_flags = SS_ONSTACK;
    value("SS_ONSTACK means nothing", sigaltstack(&ours, NULL));
    sigaltstack(NULL, &old);
    printf("flags %x\n", (unsigned)old.ss_flags);
    ours.ss_flags = SS_ONSTACK | SS_DISABLE;
    value("both", sigaltstack(&ours, NULL));
    value("a bad place for the old", syscall(SYS_sigaltstack, NULL, 8));

    const char *const ways[] = { "1b", "2b", "3b", "4b", "1i", "2i", "3i", "4i", "1bh", "2bh", "3bh", "4bh", "1n", "0un" };
    for (unsigned i = 0; i < COUNT(ways); i++)
        outcome(ways[i], START((char *)ways[i]));
    return broken;
}
