// Who called whom, seen from a signal handler, by an unwinder that knows a signal's frame by the bytes of the code that the handler returns to.
// flags: -funwind-tables -Wl,--eh-frame-hdr -lgcc_eh
#include "guest.h"
#include <elf.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include "unwinder.inc.c"
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
