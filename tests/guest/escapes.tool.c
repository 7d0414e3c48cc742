// Ways to reach the host's kernel past the rewriter: escapes WAY [ADDRESS]. Prints what came of it; a call that the right kernel answered gives this process's own pid and user.
#include "guest.h"
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

typedef long (*entry)(void);

// Where rewritten code looks for the kernel in the GS segment, in words of 8 bytes.
#define SYSCALL_SLOT 22

static long own_pid;

static void told(const char *what, long pid)
{
    printf("%s: %s\n", what, pid == own_pid ? "answered by the right kernel" : "ESCAPED");
}

// getpid by a function at some place, called as a system call is: number in rax
static long call_at(const void *place, long number)
{
    long result;
    __asm__ volatile("sub $256, %%rsp; call *%2; add $256, %%rsp" : "=a"(result) : "a"(number), "r"(place) : "rcx", "r11", "memory", "cc");
    return result;
}

static const unsigned char code[] = { 0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05, 0xc3 }; // mov eax, getpid; syscall; ret

static void on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    const unsigned char *rip = (void *)at->uc_mcontext.gregs[REG_RIP];
    printf("signal %d, code %d, address %lx, at %02x %02x, trap %d, error %x\n", signal, info->si_code, (long)info->si_addr, rip[0], rip[1],
        (int)at->uc_mcontext.gregs[REG_TRAPNO], (unsigned)at->uc_mcontext.gregs[REG_ERR]);
    _exit(0);
}

__asm__(".text; .globl window, window_call; window: mov $39, %eax; window_call: syscall; ret\n"
        ".globl joined, joined_call; joined: xor %edx, %edx; .byte 0x48, 0xc7, 0xc0, 39, 0, 0, 0; joined_call: syscall; test %rax, %rax; ret\n"
        // the two bytes of the instruction inside another one
        ".globl hidden; hidden: .byte 0xb8, 0x0f, 0x05, 0xc3, 0x90; mov $39, %eax; ret\n");
extern const unsigned char window[], window_call[], joined[], joined_call[], hidden[];

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    own_pid = getpid();
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    if (!strcmp(way, "int80")) {
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
        printf("int 0x80: ESCAPED, %ld\n", result);
    } else if (!strcmp(way, "sysenter")) {
        __asm__ volatile("mov %%rsp, %%rbp; sysenter" ::"a"(20) : "memory", "rbp", "r8", "r9", "r10", "r11", "rcx", "rdx");
        printf("sysenter: ESCAPED\n");
    } else if (!strcmp(way, "made")) {
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memcpy(page, code, sizeof code);
        told("writable and executable", ((entry)page)());
        mprotect(page, 4096, PROT_READ | PROT_EXEC);
        told("executable", ((entry)page)());
        munmap(page, 4096);
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memcpy(page, code, sizeof code);
        mprotect(page, 4096, PROT_READ | PROT_EXEC);
        told("made executable", ((entry)page)());
    } else if (!strcmp(way, "copied")) {
        // as rewritten, and so of no use elsewhere, or as it was: whatever is copied must still end in the right kernel
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int fd = open("/proc/self/exe", O_RDONLY);
        long offset = -1;
        static unsigned char file[1 << 20];
        long size = read(fd, file, sizeof file);
        for (long i = 0; i + (long)sizeof code <= size && offset < 0; i++)
            if (!memcmp(file + i, code, sizeof code))
                offset = i;
        if (offset < 0)
            return 3;
        memcpy(page, file + offset, sizeof code);
        told("copied from its file", ((entry)page)());
    } else if (!strcmp(way, "inside")) {
        told("from the start", ((entry)window)());
        told("into it", call_at(window_call, SYS_getpid));
        told("from the start", ((entry)joined)());
        told("into it", call_at(joined_call, SYS_getpid));
        told("inside another instruction", call_at(hidden + 1, SYS_getpid));
        told("around it", ((entry)hidden)() == 39 ? own_pid : -1);
    } else if (!strcmp(way, "gs")) {
        // GS set behind everybody's back, by code that nobody has seen
        static const unsigned char set[] = { 0xf3, 0x48, 0x0f, 0xae, 0xdf, 0xc3 }; // wrgsbase rdi; ret
        static unsigned long block[64] = { [1] = 4711 };
        unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memcpy(page, code, sizeof code);
        memcpy(page + 64, set, sizeof set);
        if (!(getauxval(AT_HWCAP2) & 2)) { // no such instruction
            for (int i = 0; i < 3; i++)
                told("not possible here", own_pid);
            return 0;
        }
        if (argc > 2) // and taken away from rewritten code, which faults
            block[SYSCALL_SLOT] = 16;
        ((void (*)(void *))(page + 64))(block);
        if (argc < 3)
            told("a call of made code", ((entry)page)());
        long pid = getpid(), word;
        __asm__ volatile("mov %%gs:8, %0" : "=r"(word));
        told("a call of the library", pid);
        told("what it has set", word == 4711 ? own_pid : -1);
    } else if (!strcmp(way, "host")) {
        told("the host's own", call_at((void *)strtoul(argv[2], NULL, 16), SYS_getpid));
    } else {
        return 2;
    }
    return 0;
}
