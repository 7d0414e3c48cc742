// posix_spawn(3) of glibc, which makes its child on a stack of its own.
#include "spawn.inc.c"
