// Another one, with a constructor that allocates and thread-local data of many pages.
#include <stdlib.h>
#include <string.h>

extern int counter;
static __thread int large[20000];
static int *allocated;

static __attribute__((constructor(101))) void early(void) { allocated = malloc(1000 * sizeof *allocated); }
static __attribute__((constructor(102))) void late(void)
{
    memset(allocated, 0, 1000 * sizeof *allocated);
    allocated[500] = counter;
}

int second_sum(int x) { return x + allocated[500]; }
double second_root(double x) { return __builtin_sqrt(x); }
int *second_large(int index) { return &large[index]; }
