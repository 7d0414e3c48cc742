// Who called whom, seen from a signal handler, by an unwinder that knows a signal's frame by the bytes of the code that the handler returns to.
// flags: -funwind-tables -Wl,--eh-frame-hdr -lgcc_eh
#include "guest.h"
#include <elf.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <unwind.h>

struct trace { void **frames; int most, count; };

static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *argument)
{
    struct trace *trace = argument;
    if (trace->count == trace->most)
        return _URC_END_OF_STACK;
    trace->frames[trace->count++] = (void *)_Unwind_GetIP(context);
    return _URC_NO_REASON;
}

static int backtrace(void **frames, int most)
{
    struct trace trace = { frames, most, 0 };
    _Unwind_Backtrace(note, &trace);
    return trace.count;
}

static int called, found_function, found_caller;
static char *function_start, *function_end, *caller_start, *caller_end;

static void handler(int number, siginfo_t *info, void *context)
{
    void *frames[64];
    int count = backtrace(frames, 64);
    for (int i = 0; i < count; i++) {
        char *at = frames[i];
        found_function += at >= function_start && at < function_end;
        found_caller += at >= caller_start && at < caller_end;
    }
    called = 1;
    if (number == SIGILL)
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

// Each in a section of its own, so that the linker says where it begins and ends.
#define IN(name) __attribute__((noinline, noclone, section("in_" #name)))
extern char __start_in_outer[], __stop_in_outer[], __start_in_with_fault[], __stop_in_with_fault[], __start_in_with_loop[], __stop_in_with_loop[];

IN(with_fault) static int with_fault(void)
{
    __asm__ volatile("ud2" ::: "memory");
    return !called;
}

IN(with_loop) static int with_loop(void)
{
    alarm(1);
    while (!*(volatile int *)&called)
        ;
    return 0;
}

IN(outer) static int outer(int (*inner)(void)) { return inner() + 1; }

static void look(const char *name, int (*inner)(void), char *start, char *stop)
{
    called = found_function = found_caller = 0;
    (function_start = start), (function_end = stop), (caller_start = __start_in_outer), (caller_end = __stop_in_outer);
    outer(inner);
    holds(name, called && found_function == 1 && found_caller == 1);
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    look("from a fault", with_fault, __start_in_with_fault, __stop_in_with_fault);
    look("from a loop", with_loop, __start_in_with_loop, __stop_in_with_loop);
    return broken;
}

// The host compiler's unwinder asks its own C library where the unwind tables are.
struct found { unsigned long long flags; void *start, *end, *map, *table; unsigned long long reserved[7]; };
extern char __ehdr_start[], _end[];

int _dl_find_object(void *address, struct found *found)
{
    const Elf64_Phdr *header = (void *)getauxval(AT_PHDR);
    if ((char *)address < __ehdr_start || (char *)address >= _end)
        return -1;
    for (unsigned long i = getauxval(AT_PHNUM); i > 0; i--, header++)
        if (header->p_type == PT_GNU_EH_FRAME)
            *found = (struct found) { .start = __ehdr_start, .end = _end, .table = __ehdr_start + header->p_vaddr };
    return 0;
}
