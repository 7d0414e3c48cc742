// The host compiler's unwinder in a library of its own, for unwinding-apart.dynamic.c.
// flags: -funwind-tables -lgcc_eh
#include "unwinder.inc.c"

int unwinder_backtrace(void **frames, int most) { return backtrace(frames, most); }
