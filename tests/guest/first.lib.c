// A library for libraries.dynamic.c.
#include <sys/syscall.h>

extern int counter;
int from_program(int x);

static __thread int local = 40;
const char *const first_words[] = { "relocated", "strings" };

static __attribute__((constructor)) void begin(void) { counter = 7; }

int first_add(int a, int b) { return a + b; }
int first_calls_back(int x) { return from_program(x); }
int *first_tls(void) { return &local; }

long first_pid(void)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getpid) : "rcx", "r11", "memory");
    return result;
}
