// A child maps anew where its parent had something, protects and unprotects, moves the program break, and has children itself: each sees what was there when it was made.
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

#define LENGTH (64 << 12)

static char *at;

static char *fill(char *start, size_t length, int with)
{
    memset(start, with, length);
    return start;
}

static int all(const char *start, size_t length, int with)
{
    for (size_t i = 0; i < length; i++) {
        if (start[i] != with)
            return 0;
    }
    return 1;
}

static void child(const char *what, int (*body)(void))
{
    pid_t pid = must("fork", fork());
    if (pid == 0)
        _exit(body());
    outcome(what, pid);
}

static int grandchild(void)
{
    int good = all(at, LENGTH, 'b');
    fill(at, LENGTH, 'c');
    return good ? 1 : 2;
}

static int maps_anew(void)
{
    if (mmap(at, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at || !all(at, LENGTH, 0))
        return 10;
    fill(at, LENGTH, 'b');
    child("grandchild", grandchild);
    return all(at, LENGTH, 'b') ? 3 : 11;
}

static int protects(void)
{
    if (mprotect(at, LENGTH, PROT_READ) != 0 || mprotect(at, LENGTH, PROT_READ | PROT_WRITE) != 0 || !all(at, LENGTH, 'a'))
        return 10;
    fill(at, LENGTH, 'b');
    child("grandchild", grandchild);
    return all(at, LENGTH, 'b') ? 4 : 11;
}

// musl's own refuses.
static char *move_break(long by)
{
    char *end = (char *)syscall(SYS_brk, 0);
    return (char *)syscall(SYS_brk, end + by) == end + by ? end : NULL;
}

static int grandchild_heap(void)
{
    return all(move_break(0) - LENGTH, LENGTH, 'd') && move_break(-LENGTH) ? 5 : 6;
}

static int grows(void)
{
    char *end = move_break(LENGTH);
    if (end == NULL)
        return 10;
    fill(end, LENGTH, 'd');
    child("grandchild's heap", grandchild_heap);
    return all(end, LENGTH, 'd') ? 6 : 11;
}

int main(void)
{
    at = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must("mmap", at == MAP_FAILED ? -1 : 0);
    fill(at, LENGTH, 'a');
    for (int i = 0; i < 3; i++) {
        child("maps anew", maps_anew);
        child("protects", protects);
        child("grows", grows);
        holds("untouched", all(at, LENGTH, 'a'));
    }
    return broken;
}
