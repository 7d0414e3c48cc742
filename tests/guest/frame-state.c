// What a handler finds in its frame of the processor's extended state, what it may put there, and what comes of that: by a call, by a fault and while the program computes. And the alternate stack that a frame brings back.
#include "guest.h"
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define MAGIC1 0x46505853U
#define MAGIC2 0x46505845U
enum { X87 = 1, SSE = 2, AVX = 4, AVX512 = 0xe0, STATE_MAX = 16384 };
enum { FCW = 0, FTW = 4, MXCSR = 24, ST0 = 32, XMM0 = 160, SOFTWARE = 464, HEADER = 512 };

static unsigned char before[STATE_MAX] __attribute__((aligned(64))), after[STATE_MAX] __attribute__((aligned(64))), seen[STATE_MAX], entry[STATE_MAX] __attribute__((aligned(64))), elsewhere[STATE_MAX] __attribute__((aligned(64)));
uint64_t state_features;
static uint32_t place[64], size[64];
void *trigger_way;
volatile int trigger_pid, trigger_tid, trigger_number, trigger_over;

// Loads all registers from one image, lets a signal come in one of three ways, and stores them in another.
void trigger(void *from, void *to);
extern char by_call[], by_fault[], by_another[];
__asm__(
    ".text\n .globl trigger\n .type trigger, @function\n trigger:\n push %rbx\n push %r12\n mov %rdi, %rbx\n mov %rsi, %r12\n"
    "mov state_features(%rip), %eax\n xor %edx, %edx\n xrstor64 (%rbx)\n jmp *trigger_way(%rip)\n"
    ".globl by_call\n by_call: mov $234, %eax\n mov trigger_pid(%rip), %edi\n mov trigger_tid(%rip), %esi\n mov trigger_number(%rip), %edx\n syscall\n jmp 1f\n"
    ".globl by_fault\n by_fault: ud2\n jmp 1f\n"
    ".globl by_another\n by_another: movl $2, trigger_over(%rip)\n 2: cmpl $2, trigger_over(%rip)\n je 2b\n"
    "1: mov state_features(%rip), %eax\n xor %edx, %edx\n xsave64 (%r12)\n fninit\n movl $0x1f80, -8(%rsp)\n ldmxcsr -8(%rsp)\n"
    ".globl uppers\n uppers: vzeroupper\n pop %r12\n pop %rbx\n ret\n"
    // The state a handler begins with, before the compiler has a register.
    ".globl begins\n .type begins, @function\n begins: mov %rdx, %r8\n mov state_features(%rip), %eax\n xor %edx, %edx\n lea entry_place(%rip), %rcx\n mov (%rcx), %rcx\n xsave64 (%rcx)\n mov %r8, %rdx\n jmp handle\n");
void begins(int signal, siginfo_t *info, void *context);
void *entry_place = entry;

static uint64_t random_state = 88172645463325252;

static unsigned char random_byte(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned char)(random_state >> 24);
}

static void put32(unsigned char *at, uint32_t value) { memcpy(at, &value, 4); }
static void put64(unsigned char *at, uint64_t value) { memcpy(at, &value, 8); }
static uint32_t get32(const unsigned char *at) { return *(const uint32_t *)at; }
static uint64_t get64(const unsigned char *at) { return *(const uint64_t *)at; }

static void find_layout(void)
{
    unsigned a, b, c, d;
    skip_unless(__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE), "XSAVE");
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    state_features = a & (X87 | SSE | AVX | AVX512);
    skip_unless(state_features & AVX, "AVX");
    for (unsigned i = 2; i < 8; i++)
        if (state_features & (1u << i)) {
            __get_cpuid_count(13, i, &size[i], &place[i], &c, &d);
            skip_unless(place[i] + size[i] <= STATE_MAX, "a state of that size");
        }
}

// Random, as far as the processor takes it.
static void fill(unsigned char *image)
{
    memset(image, 0, STATE_MAX);
    put32(image + FCW, 0x37f | (random_byte() & 0xc) << 8);
    image[FTW] = 0xff;
    put32(image + MXCSR, 0x1f80 | (random_byte() & 0x60) << 8);
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++)
            image[ST0 + 16 * i + j] = random_byte();
        image[ST0 + 16 * i + 7] |= 0x80;
        image[ST0 + 16 * i + 8] = random_byte();
        image[ST0 + 16 * i + 9] = 0x3f;
    }
    for (int i = 0; i < 256; i++)
        image[XMM0 + i] = random_byte();
    for (unsigned i = 2; i < 8; i++)
        for (unsigned j = 0; j < size[i]; j++)
            image[place[i] + j] = random_byte();
    put64(image + HEADER, state_features);
}

// A part of an image, or what the processor begins with where its header says that it is that.
static int part_is(const unsigned char *image, unsigned feature, const unsigned char *expected)
{
    static const unsigned char zero[STATE_MAX];
    int there = get64(image + HEADER) >> feature & 1;
    if (feature == 0) {
        unsigned short control;
        memcpy(&control, image, 2);
        if (!there)
            control = 0x37f;
        if (!expected)
            return control == 0x37f && (!there || image[FTW] == 0);
        return !memcmp(&control, expected, 2) && there && image[FTW] == expected[FTW] && !memcmp(image + ST0, expected + ST0, 128);
    }
    if (feature == 1)
        return there ? !memcmp(image + XMM0, expected ? expected + XMM0 : zero, 256) : !memcmp(expected ? expected + XMM0 : zero, zero, 256);
    const unsigned char *wanted = expected ? expected + place[feature] : zero;
    return !memcmp(there ? image + place[feature] : zero, wanted, size[feature]);
}

static void compare(const char *what, const unsigned char *image, const unsigned char *expected, uint64_t initial)
{
    static const char *const names[] = { "x87", "xmm", "ymm", NULL, NULL, "masks", "zmm", "zmm16" };
    uint64_t wrong = 0;
    for (unsigned i = 0; i < 8; i++)
        if (names[i] && (state_features & (1u << i)) && !part_is(image, i, initial >> i & 1 ? NULL : expected))
            wrong |= 1u << i;
    printf("  %s:%s", what, wrong ? "" : " as it should be");
    for (unsigned i = 0; i < 8; i++)
        if (wrong >> i & 1)
            printf(" %s WRONG", names[i]);
    puts("");
    broken |= wrong != 0;
}

enum change { NOTHING, ALL, NO_X87, NO_SSE, NO_AVX, NO_AVX_ANNOUNCED, NO_MAGIC1, NO_MAGIC2, TOO_SMALL, TOO_LARGE, LARGER_THAN_ALL, ELSEWHERE, NO_STATE, CHANGES };
static const char *const changes[] = { "nothing changed", "all changed", "x87 left out", "xmm left out", "ymm left out", "ymm not announced", "no first mark", "no second mark", "a size too small", "a size too large", "a size larger than all", "the state elsewhere", "no state" };
static enum change change;
static uint32_t frame_size;
static volatile int ended, handled;

__attribute__((used, target("general-regs-only"))) void handle(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    unsigned char *state = (unsigned char *)user->uc_mcontext.fpregs;
    frame_size = get32(state + SOFTWARE + 16);
    for (uint32_t i = 0; i < frame_size && i < STATE_MAX; i++)
        seen[i] = state[i];
    if (signal == SIGILL)
        user->uc_mcontext.gregs[REG_RIP] += 2;
    trigger_over = 1;
    handled++;
    if (change != NOTHING)
        for (uint32_t i = 0; i < frame_size && i < STATE_MAX; i++)
            if (i < SOFTWARE || i >= HEADER)
                if (i < 28 || i >= 32) // what mxcsr may hold is the processor's
                    state[i] = elsewhere[i];
    uint64_t *header = (uint64_t *)(state + HEADER), *announced = (uint64_t *)(state + SOFTWARE + 8);
    uint32_t *whole = (uint32_t *)(state + SOFTWARE + 4), *part = (uint32_t *)(state + SOFTWARE + 16);
    switch (change) {
    case NO_X87: *header &= ~(uint64_t)X87; break;
    case NO_SSE: *header &= ~(uint64_t)SSE; break;
    case NO_AVX: *header &= ~(uint64_t)AVX; break;
    case NO_AVX_ANNOUNCED: *announced &= ~(uint64_t)AVX; break;
    case NO_MAGIC1: *(uint32_t *)(state + SOFTWARE) ^= 1; break;
    case NO_MAGIC2: *(uint32_t *)(state + frame_size) ^= 1; break;
    case TOO_SMALL: *part = 575; break;
    case TOO_LARGE: *part = *whole + 1; break;
    case LARGER_THAN_ALL: *part += 64, *whole += 64; break;
    case ELSEWHERE:
        for (uint32_t i = 0; i < frame_size + 4; i++)
            elsewhere[i] = i >= HEADER || i < SOFTWARE ? i < frame_size ? elsewhere[i] : state[i] : state[i];
        user->uc_mcontext.fpregs = (void *)elsewhere;
        break;
    case NO_STATE: user->uc_mcontext.fpregs = NULL; break;
    default: break;
    }
}

static void *sends(void *argument)
{
    while (!ended) {
        int before_this = handled;
        while (trigger_over != 2 && !ended)
            sched_yield();
        if (!ended)
            syscall(SYS_tgkill, trigger_pid, trigger_tid, trigger_number);
        while (handled == before_this && !ended)
            sched_yield();
    }
    return NULL;
}

static void try_all(const char *name, void *way, int signal)
{
    trigger_way = way, trigger_number = signal;
    for (change = 0; change < CHANGES; change++) {
        printf("%s, %s\n", name, changes[change]);
        fill(before);
        fill(elsewhere);
        memset(after, 0, sizeof after);
        memset(entry, 0, sizeof entry);
        trigger_over = 0;
        uint64_t all_but_old = state_features & ~(uint64_t)(X87 | SSE), initial = 0;
        trigger(before, after);
        compare("seen", seen, before, 0);
        compare("a handler begins", entry, NULL, state_features);
        printf("  with mxcsr %x\n", get32(entry + MXCSR));
        switch (change) {
        case NO_X87: initial = X87; break;
        case NO_SSE: initial = SSE; break;
        case NO_AVX: case NO_AVX_ANNOUNCED: initial = AVX; break;
        case NO_MAGIC1: case NO_MAGIC2: case TOO_SMALL: case TOO_LARGE: case LARGER_THAN_ALL: initial = all_but_old; break;
        case NO_STATE: initial = state_features; break;
        default: break;
        }
        compare("afterwards", after, change == NOTHING ? before : elsewhere, initial);
        uint32_t mxcsr = get32(after + MXCSR), wanted = change == NOTHING ? get32(before + MXCSR) : change == NO_STATE ? 0x1f80 : get32(elsewhere + MXCSR);
        printf("  mxcsr %s\n", mxcsr == wanted ? "too" : "WRONG");
    }
}

// The alternate stack that a frame says.
static char stacks[3][32768] __attribute__((aligned(64)));
static stack_t wanted;
static int nested;

static const char *name_of(const stack_t *stack)
{
    for (int i = 0; i < 3; i++)
        if (stack->ss_sp == stacks[i])
            return (const char *[]) { "first", "second", "third" }[i];
    return stack->ss_sp ? "another" : "none";
}

static void show_stack(const char *what)
{
    stack_t now_set;
    value(what, sigaltstack(NULL, &now_set));
    printf("  %s, size %zu, flags %x\n", name_of(&now_set), now_set.ss_size, (unsigned)now_set.ss_flags);
}

static void on_stack(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    if (nested++ == 0 && signal == SIGUSR2) {
        raise(SIGUSR1);
        show_stack("after the inner handler");
        return;
    }
    show_stack("in a handler");
    printf("  the frame says %s, size %zu, flags %x\n", name_of(&user->uc_stack), user->uc_stack.ss_size, (unsigned)user->uc_stack.ss_flags);
    user->uc_stack = wanted;
}

static stack_t stack_of(int number, size_t size, int flags) { return (stack_t) { .ss_sp = stacks[number], .ss_size = size, .ss_flags = flags }; }

static void stack_case(const char *what, int flags, stack_t first, stack_t changed, int signal)
{
    struct sigaction action = { .sa_sigaction = on_stack, .sa_flags = SA_SIGINFO | flags };
    puts(what);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    must("sigaltstack", sigaltstack(&first, NULL));
    wanted = changed, nested = 0;
    raise(signal);
    show_stack("afterwards");
}

#define AUTODISARM (1 << 31)

static void alternate_stacks(void)
{
    stack_t first = stack_of(0, 32768, 0), second = stack_of(1, 16384, 0), disarming = stack_of(0, 32768, AUTODISARM);
    stack_case("off the stack, another one", 0, first, second, SIGUSR1);
    stack_case("off the stack, none", 0, first, (stack_t) { .ss_flags = SS_DISABLE }, SIGUSR1);
    stack_case("off the stack, too small a one", 0, first, stack_of(1, 100, 0), SIGUSR1);
    stack_case("off the stack, impossible flags", 0, first, stack_of(1, 16384, 77), SIGUSR1);
    stack_case("off the stack, one that is in use", 0, first, stack_of(1, 16384, SS_ONSTACK), SIGUSR1);
    stack_case("on the stack, another one", SA_ONSTACK, first, second, SIGUSR1);
    stack_case("on the stack, none", SA_ONSTACK, first, (stack_t) { .ss_flags = SS_DISABLE }, SIGUSR1);
    stack_case("on the stack twice, another one", SA_ONSTACK, first, second, SIGUSR2);
    stack_case("one that disarms itself", SA_ONSTACK, disarming, disarming, SIGUSR1);
    stack_case("one that disarms itself, another one", SA_ONSTACK, disarming, second, SIGUSR1);
    stack_case("one that disarms itself, twice", SA_ONSTACK, disarming, disarming, SIGUSR2);
    stack_case("one that disarms itself, off it", 0, disarming, disarming, SIGUSR1);
    sigaltstack(&(stack_t) { .ss_flags = SS_DISABLE }, NULL);
}

static void on_misplace(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    for (uint32_t i = 0; i < STATE_MAX - 64; i++)
        elsewhere[i + 16] = ((unsigned char *)user->uc_mcontext.fpregs)[i < frame_size ? i : 0];
    user->uc_mcontext.fpregs = (void *)(elsewhere + 16);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    find_layout();
    if (argc > 1) {
        struct sigaction misplace = { .sa_sigaction = on_misplace, .sa_flags = SA_SIGINFO };
        sigaction(SIGUSR1, &misplace, NULL);
        raise(SIGUSR1);
        return 40;
    }
    trigger_pid = getpid(), trigger_tid = (int)syscall(SYS_gettid);
    struct sigaction action = { .sa_sigaction = begins, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    try_all("a call", by_call, SIGUSR1);
    try_all("a fault", by_fault, SIGILL);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    pthread_create(&thread, NULL, sends, NULL);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    try_all("another thread", by_another, SIGUSR1);
    ended = 1;
    pthread_join(thread, NULL);
    alternate_stacks();
    outcome("a state that is not aligned", START("misplaced"));
    return broken;
}
