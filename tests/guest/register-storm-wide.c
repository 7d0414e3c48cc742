#define WIDE
#include "register-storm.inc.c"
