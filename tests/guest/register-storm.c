#include "register-storm.inc.c"
