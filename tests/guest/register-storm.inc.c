// register-storm [ROUNDS]: every register holds a random value around a system call (rewritten, answered on the spot, made at run time), a fault that a handler repairs, a wait for a signal and a read that signals have begin again, while another thread sends signals all the time.
// Afterwards each holds what Linux leaves in it. With WIDE, ymm, zmm and mask registers too, as far as the processor has them.
#include "guest.h"
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, FLAGS, GENERAL };
enum { VECTORS = 32, MASKS = 8, KEPT_FLAGS = 0xcd5 };

struct registers {
    unsigned long general[GENERAL];
    unsigned mxcsr, control; // 128
    double x87[2];
    char pad[40];
    unsigned char vectors[VECTORS][64]; // 192
    unsigned long masks[MASKS]; // 2240
};

struct registers storm_in __attribute__((aligned(64))), storm_out __attribute__((aligned(64)));
volatile unsigned long storm_ticks;
void *storm_way, *storm_made_code;
int storm_width; // 0: xmm, 1: ymm, 2: zmm
void storm(void);
extern char storm_call[], storm_made[], storm_fault[], storm_wait[];

#define EACH_16(x) x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)
#define UPPER_16(x) x(16) x(17) x(18) x(19) x(20) x(21) x(22) x(23) x(24) x(25) x(26) x(27) x(28) x(29) x(30) x(31)
#define EACH_8(x) x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7)
#define LOAD_XMM(i) "movdqu storm_in+192+64*" #i "(%rip), %xmm" #i "\n"
#define STORE_XMM(i) "movdqu %xmm" #i ", storm_out+192+64*" #i "(%rip)\n"
#define LOAD_YMM(i) "vmovdqu storm_in+192+64*" #i "(%rip), %ymm" #i "\n"
#define STORE_YMM(i) "vmovdqu %ymm" #i ", storm_out+192+64*" #i "(%rip)\n"
#define LOAD_ZMM(i) "vmovdqu64 storm_in+192+64*" #i "(%rip), %zmm" #i "\n"
#define STORE_ZMM(i) "vmovdqu64 %zmm" #i ", storm_out+192+64*" #i "(%rip)\n"
#define LOAD_K(i) "kmovq storm_in+2240+8*" #i "(%rip), %k" #i "\n"
#define STORE_K(i) "kmovq %k" #i ", storm_out+2240+8*" #i "(%rip)\n"
#define SPOIL_XMM(i) "pcmpeqd %xmm" #i ", %xmm" #i "\n"
#define SPOIL_YMM(i) "vxorps %ymm" #i ", %ymm" #i ", %ymm" #i "\n"
#define SPOIL_ZMM(i) "vpternlogd $255, %zmm" #i ", %zmm" #i ", %zmm" #i "\n"
#define SPOIL_K(i) "kxnorq %k" #i ", %k" #i ", %k" #i "\n"

#ifdef WIDE
#define BY_WIDTH(xmm, ymm, zmm) "cmpl $1, storm_width(%rip)\n je 1f\n ja 2f\n" xmm "jmp 3f\n 1:\n" ymm "jmp 3f\n 2:\n" zmm "3:\n"
#else
#define BY_WIDTH(xmm, ymm, zmm) xmm
#endif
#define GENERAL_BUT_RAX(move) \
    move(RBX, rbx, 8) move(RCX, rcx, 16) move(RDX, rdx, 24) move(RSI, rsi, 32) move(RDI, rdi, 40) move(RBP, rbp, 48) move(R8, r8, 56) move(R9, r9, 64) \
    move(R10, r10, 72) move(R11, r11, 80) move(R12, r12, 88) move(R13, r13, 96) move(R14, r14, 104) move(R15, r15, 112)
#define LOAD(name, register, at) "mov storm_in+" #at "(%rip), %" #register "\n"
#define STORE(name, register, at) "mov %" #register ", storm_out+" #at "(%rip)\n"

__asm__(
    ".text\n .globl storm\n .type storm, @function\n storm:\n"
    "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    BY_WIDTH(EACH_16(LOAD_XMM), EACH_16(LOAD_YMM), EACH_16(LOAD_ZMM) UPPER_16(LOAD_ZMM) EACH_8(LOAD_K))
    "fninit\n fldl storm_in+136(%rip)\n fldl storm_in+144(%rip)\n fldcw storm_in+132(%rip)\n ldmxcsr storm_in+128(%rip)\n"
    "push storm_in+120(%rip)\n popf\n"
    GENERAL_BUT_RAX(LOAD)
    "mov storm_in(%rip), %rax\n"
    "jmp *storm_way(%rip)\n"
    ".globl storm_call\n storm_call: syscall\n jmp 9f\n"
    ".globl storm_made\n storm_made: call *storm_made_code(%rip)\n jmp 9f\n"
    ".globl storm_fault\n storm_fault: ud2\n jmp 9f\n"
    ".globl storm_wait\n storm_wait: mov storm_ticks(%rip), %rcx\n jrcxz storm_wait\n"
    "9:\n"
    "mov %rax, storm_out(%rip)\n"
    GENERAL_BUT_RAX(STORE)
    "pushf\n pop storm_out+120(%rip)\n cld\n"
    "stmxcsr storm_out+128(%rip)\n fnstcw storm_out+132(%rip)\n fstpl storm_out+144(%rip)\n fstpl storm_out+136(%rip)\n fninit\n"
    BY_WIDTH(EACH_16(STORE_XMM), EACH_16(STORE_YMM), EACH_16(STORE_ZMM) UPPER_16(STORE_ZMM) EACH_8(STORE_K))
    "push $0x1f80\n ldmxcsr (%rsp)\n pop %rax\n"
    "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
    ".globl storm_spoil\n .type storm_spoil, @function\n storm_spoil:\n"
    BY_WIDTH(EACH_16(SPOIL_XMM), EACH_16(SPOIL_YMM), EACH_16(SPOIL_ZMM) UPPER_16(SPOIL_ZMM) EACH_8(SPOIL_K))
    "fldpi\n fldpi\n fldpi\n fninit\n ret\n");

void storm_spoil(void);

static unsigned long state = 88172645463325252;

static unsigned long next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// The third signal that comes to a read brings what it waits for; those before have it begin again.
static volatile int signals_of_read = -1;
static int bytes[2];
static char byte_read;

static void on_signal(int number, siginfo_t *info, void *context)
{
    storm_spoil();
    if (number == SIGILL)
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
    else {
        storm_ticks = 1;
        if (signals_of_read >= 0 && signals_of_read++ == 2)
            write(bytes[1], "x", 1);
    }
}

static volatile int over;

static void *send_signals(void *thread)
{
    while (!over) {
        syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
        sched_yield();
    }
    return NULL;
}

static void fill(void)
{
    for (size_t i = 0; i < sizeof storm_in / sizeof(long); i++)
        ((unsigned long *)&storm_in)[i] = next_random();
    storm_in.general[FLAGS] = 0x202 | (storm_in.general[FLAGS] & KEPT_FLAGS);
    storm_in.mxcsr = 0x1f80 | (storm_in.mxcsr & 0x6000);
    storm_in.control = 0x37f | (storm_in.control & 0xc00);
    storm_in.x87[0] = (double)(next_random() >> 12);
    storm_in.x87[1] = (double)(next_random() >> 12);
    memset(&storm_out, 0x55, sizeof storm_out);
}

static int differs(unsigned long rax, int is_call, int is_wait)
{
    struct registers expected = storm_in;
    expected.general[RAX] = rax;
    if (is_call || is_wait)
        expected.general[RCX] = storm_out.general[RCX];
    if (is_call)
        expected.general[R11] = storm_out.general[R11];
    storm_out.general[FLAGS] = 0x202 | (storm_out.general[FLAGS] & KEPT_FLAGS);
    if (memcmp(expected.general, storm_out.general, sizeof expected.general))
        return 1;
    if (expected.mxcsr != storm_out.mxcsr || (unsigned short)expected.control != (unsigned short)storm_out.control)
        return 2;
    if (memcmp(expected.x87, storm_out.x87, sizeof expected.x87))
        return 3;
    int count = storm_width == 2 ? VECTORS : 16, size = 16 << storm_width;
    for (int i = 0; i < count; i++)
        if (memcmp(expected.vectors[i], storm_out.vectors[i], size))
            return 4;
    return storm_width == 2 && memcmp(expected.masks, storm_out.masks, sizeof expected.masks) ? 5 : 0;
}

int main(int argc, char **argv)
{
    static const unsigned char made[] = { 0x0f, 0x05, 0xc3 }; // syscall; ret
    long rounds = argc > 1 ? atol(argv[1]) : 2000;
#ifdef WIDE
    storm_width = __builtin_cpu_supports("avx512bw") ? 2 : __builtin_cpu_supports("avx") ? 1 : 0;
#endif
    storm_made_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(storm_made_code, made, sizeof made);
    must("pipe", pipe2(bytes, O_CLOEXEC));
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    pthread_t sender;
    if (pthread_create(&sender, NULL, send_signals, NULL))
        return 3;
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    const struct { const char *name; void *way; long number; long result; int every; } ways[] = {
        { "a call into the kernel", storm_call, SYS_getpgrp, getpgrp(), 1 },
        { "a call that may be answered on the spot", storm_call, SYS_getpid, getpid(), 1 },
        { "no call", storm_call, 5000, -ENOSYS, 1 },
        { "a call in made code", storm_made, SYS_getpgrp, getpgrp(), 4 },
        { "a fault", storm_fault, 0, 0, 4 },
        { "a wait for a signal", storm_wait, 0, 0, 16 },
        { "a read that begins again", storm_call, SYS_read, 1, 16 },
        { "a read in made code that begins again", storm_made, SYS_read, 1, 16 },
    };
    int wrong[COUNT(ways)] = { 0 };
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < COUNT(ways); i++) {
            if (round % ways[i].every)
                continue;
            fill();
            int is_call = ways[i].way == storm_call || ways[i].way == storm_made, difference;
            if (is_call)
                storm_in.general[RAX] = ways[i].number;
            int is_read = ways[i].number == SYS_read && is_call;
            if (is_read) {
                storm_in.general[RDI] = bytes[0];
                storm_in.general[RSI] = (unsigned long)&byte_read;
                storm_in.general[RDX] = 1;
                byte_read = 0;
                signals_of_read = 0;
            }
            storm_ticks = 0;
            storm_way = ways[i].way;
            storm();
            signals_of_read = -1;
            difference = differs(is_call ? (unsigned long)ways[i].result : storm_in.general[RAX], is_call, ways[i].way == storm_wait);
            if (is_read && byte_read != 'x')
                difference = 6;
            wrong[i] += difference != 0;
            if (difference && wrong[i] == 1)
                fprintf(stderr, "%s: round %ld, difference of kind %d\n", ways[i].name, round, difference);
        }
    }
    over = 1;
    pthread_join(sender, NULL);
    for (size_t i = 0; i < COUNT(ways); i++)
        printf("%s: %d wrong\n", ways[i].name, wrong[i]);
    return broken;
}
