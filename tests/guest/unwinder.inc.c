// A backtrace by the host compiler's unwinder, for programs and libraries that are linked with it.
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
