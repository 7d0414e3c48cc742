// The host compiler's unwinder in a library of its own, for unwinding-apart.dynamic.c.
// flags: -funwind-tables -lgcc_eh
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

int unwinder_backtrace(void **frames, int most)
{
    struct trace trace = { frames, most, 0 };
    _Unwind_Backtrace(note, &trace);
    return trace.count;
}
