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

#include "backtrace.inc.c"

int main(void)
{
    handle(SIGILL);
    handle(SIGALRM);
    look_from_code();
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
