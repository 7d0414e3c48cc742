// What the processor objects to becomes a signal, with the reason and the address; a handler can mend it or jump away.
#include "guest.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int code, number;
static void *volatile address;
static char *page;

static void jump(int signal, siginfo_t *info, void *context)
{
    number = signal;
    code = info->si_code;
    address = info->si_addr;
    siglongjmp(back, 1);
}

static void mend(int signal, siginfo_t *info, void *context)
{
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
    number = signal;
}

static void step_over(int signal, siginfo_t *info, void *context)
{
    ucontext_t *registers = context;
    number = signal;
    code = info->si_code;
    address = info->si_addr;
    registers->uc_mcontext.gregs[REG_RIP] += 2; // ud2
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
    number = signal;
    code = info->si_code;
}

static void install(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    sigaction(signal, &action, NULL);
}

#define FAULT(what, where, ...) \
    do { \
        number = code = 0; \
        if (!sigsetjmp(back, 1)) { \
            __VA_ARGS__; \
            printf("%s: nothing happened\n", what); \
        } else \
            printf("%s: %s, code %d, address %s\n", what, strsignal(number), code, address == (void *)(where) ? "right" : "other"); \
    } while (0)

int main(void)
{
    const int all[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    for (size_t i = 0; i < COUNT(all); i++)
        install(all[i], jump);
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *hole = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *null = NULL;
    __asm__("" : "+r"(null));

    FAULT("read of null", 0, (void)*null);
    FAULT("write to null", 16, ((volatile char *)null)[16] = 1);
    FAULT("read of PROT_NONE", hole + 5, (void)*(volatile char *)(hole + 5));
    munmap(hole, 4096);
    mprotect(page, 4096, PROT_READ);
    FAULT("write to what is read-only", page + 7, *(volatile char *)(page + 7) = 1);
    FAULT("execution of data", page + 4096, ((void (*)(void))(page + 4096))());
    FAULT("call of null", 0, __asm__ volatile("call *%0" : : "r"(0L) : "memory"));
    FAULT("an address that is none", 0, (void)*(volatile char *)0x8000000000000000);
    FAULT("write to our own code", (char *)main, *(volatile char *)main = 1);
    FAULT("division by zero", address, __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx"));
    FAULT("division that overflows", address, __asm__ volatile("mov $0x80000000, %%eax; cltd; mov $-1, %%ecx; idiv %%ecx" : : : "eax", "ecx", "edx"));
    FAULT("no instruction", address, __asm__ volatile("ud2"));
    FAULT("a privileged instruction", 0, __asm__ volatile("hlt"));
    FAULT("int3", 0, __asm__ volatile("int3"));
    FAULT("a vector address that is not aligned", 0, __asm__ volatile("movaps (%0), %%xmm0" : : "r"(page + 1) : "xmm0"));

    // After each jump the mask was put back.
    sigset_t mask;
    sigprocmask(0, NULL, &mask);
    holds("nothing is blocked", !sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGFPE));

    install(SIGSEGV, mend);
    mprotect(page, 4096, PROT_NONE);
    page[3] = 9;
    printf("mended: %s, wrote %d\n", strsignal(number), page[3]);
    install(SIGILL, step_over);
    __asm__ volatile("ud2");
    printf("stepped over: %s, code %d\n", strsignal(number), code);
    install(SIGTRAP, on_trap);
    __asm__ volatile("int3");
    printf("goes on after int3: %s, code %d\n", strsignal(number), code);

    install(SIGSEGV, jump);
    static volatile int times;
    number = 0;
    mprotect(page, 4096, PROT_NONE);
    while (times++ < 1000)
        if (!sigsetjmp(back, 1))
            (void)*(volatile char *)page;
    value("a thousand times", number);

    // Beyond the end of a mapped file.
    scratch();
    make_file("file", "x", 0600);
    int fd = open("file", O_RDWR);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAULT("beyond the end of a file", map + 4096, (void)*(volatile char *)(map + 4096));
    FAULT("in the page of its end", 0, (void)*(volatile char *)(map + 4095));
    leave();
    return broken;
}
