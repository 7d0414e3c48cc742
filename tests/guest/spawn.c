// posix_spawn(3) of musl.
#include "spawn.inc.c"
