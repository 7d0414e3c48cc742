// RLIMIT_AS, RLIMIT_DATA and what there is not: which call says what when a process wants more memory than it may have.
#include "memory.h"

static char *base;

static void limit(int resource, unsigned long bytes)
{
    struct rlimit to;
    must("getrlimit", getrlimit(resource, &to));
    to.rlim_cur = bytes == 0 ? to.rlim_max : bytes;
    must("setrlimit", setrlimit(resource, &to));
}

static long mapped(void *at, long pages, int protection, int flags) { return place((void *)syscall(SYS_mmap, at, pages * PAGE, protection, flags, -1, 0)); }

static char *heap(void) { return (char *)syscall(SYS_brk, 0); }

// So much may be mapped besides what is mapped.
static void leave_pages(int resource, const char *figure, long pages)
{
    limit(resource, 0);
    limit(resource, (unsigned long)status_of(figure) * 1024 + (unsigned long)pages * PAGE);
}

static void all(void)
{
    put(base, 16, PROT_NONE);
    leave_pages(RLIMIT_AS, "VmSize", 8);
    value("more than may be", mapped(NULL, 9, RW, ANONYMOUS));
    value("even if nothing can be done with it", mapped(NULL, 9, PROT_NONE, ANONYMOUS | MAP_NORESERVE));
    value("shared as well", mapped(NULL, 9, RW, MAP_SHARED | MAP_ANONYMOUS));
    value("what replaces something is not more", mapped(base, 16, RW, ANONYMOUS | MAP_FIXED));
    put(base, 16, RW);
    void *map = mmap(NULL, 8 * PAGE, PROT_READ, ANONYMOUS, -1, 0);
    value("as much as may be", place(map));
    value("and no more", mapped(NULL, 1, PROT_READ, ANONYMOUS));
    value("not by brk", heap() == (char *)syscall(SYS_brk, heap() + PAGE) ? 0 : -1);
    value("not by growing", place(mremap(base, 16 * PAGE, 17 * PAGE, MREMAP_MAYMOVE)));
    value("moving needs none", place(mremap(base, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 8 * PAGE)));
    must("munmap", munmap(map, 8 * PAGE));
    char *end = heap();
    holds("by brk", (char *)syscall(SYS_brk, end + 4 * PAGE) == end + 4 * PAGE);
    value("both together", mapped(NULL, 7, RW, ANONYMOUS));
    holds("brk back", (char *)syscall(SYS_brk, end) == end);
    limit(RLIMIT_AS, 0);
    value("no limit", mapped(base, 16, RW, ANONYMOUS | MAP_FIXED));
    limit(RLIMIT_AS, 1);
    value("less than there is", mapped(NULL, 1, RW, ANONYMOUS));
    value("giving back is free", munmap(base + 15 * PAGE, PAGE));
    limit(RLIMIT_AS, 0);
    put(base, 16, PROT_NONE);
}

static void data(void)
{
    put(base, 16, PROT_READ);
    leave_pages(RLIMIT_DATA, "VmData", 4);
    value("more data than may be", mapped(NULL, 5, RW, ANONYMOUS));
    value("not to be written", mapped(base, 16, PROT_READ, ANONYMOUS | MAP_FIXED));
    void *map = mmap(NULL, 16 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    value("shared is not data", place(map));
    munmap(map, 16 * PAGE);
    value("to be written later", mprotect(base, 5 * PAGE, RW));
    value("as much as may be", mprotect(base, 4 * PAGE, RW));
    value("and no more", mprotect(base, 5 * PAGE, RW));
    value("over what is", mapped(base, 5, RW, ANONYMOUS | MAP_FIXED));
    char *end = heap();
    holds("not by brk", (char *)syscall(SYS_brk, end + PAGE) == end);
    value("not by growing", place(mremap(base, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE)));
    value("no data any more", mprotect(base, 4 * PAGE, PROT_READ));
    value("so it is free again", mapped(base + 8 * PAGE, 4, RW, ANONYMOUS | MAP_FIXED));
    limit(RLIMIT_DATA, 0);
    put(base, 16, PROT_NONE);
}

static void none_at_all(void)
{
    // More than any machine has, and less than addresses.
    value("as much as a machine has not", mapped(NULL, 1L << 33, RW, ANONYMOUS));
    value("growing to it", place(mremap(put(base, 1, RW), PAGE, 1L << 45, MREMAP_MAYMOVE)));
    char *end = heap();
    holds("brk stays", (char *)syscall(SYS_brk, end + (1L << 45)) == end);
}

int main(void)
{
    base = room(16);
    all();
    data();
    none_at_all();
    return broken;
}
