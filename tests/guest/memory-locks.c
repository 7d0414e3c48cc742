// mlock and its kin: what counts as locked, what RLIMIT_MEMLOCK allows to whom, and what can't be done with what is locked.
#include "memory.h"

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

static char *base;

static void locked(const char *what) { printf("%s: %ld kB\n", what, status_of("VmLck")); }

static void limit(long pages)
{
    struct rlimit to;
    must("getrlimit", getrlimit(RLIMIT_MEMLOCK, &to));
    to.rlim_cur = pages < 0 ? to.rlim_max : (rlim_t)pages * PAGE;
    must("setrlimit", setrlimit(RLIMIT_MEMLOCK, &to));
}

static void counted(void)
{
    put(base, 16, RW);
    locked("at first");
    value("lock", mlock(base + PAGE, 4 * PAGE));
    locked("four pages");
    value("lock them again", mlock(base + PAGE, 4 * PAGE));
    locked("four pages");
    value("whole pages", mlock(base + 6 * PAGE + 100, PAGE));
    locked("two more");
    value("nothing", mlock(base + 8 * PAGE, 0));
    value("nothing within a page", mlock(base + 8 * PAGE + 1, 0));
    locked("one more");
    unsigned char pages[16];
    must("mincore", mincore(base, 16 * PAGE, pages));
    holds("they are in memory", pages[1] & pages[4] & pages[6] & pages[7] & 1);
    value("unlock some", munlock(base + 2 * PAGE, PAGE));
    locked("one less");
    value("unmap some", munmap(base + PAGE, PAGE));
    locked("one less");
    value("lock over a hole", mlock(base, 16 * PAGE));
    locked("what lies before it");
    value("lock a hole", mlock(base + PAGE, PAGE));
    value("unlock over a hole", munlock(base, 16 * PAGE));
    locked("what lies behind it");
    value("beyond all", mlock(base, -8L * PAGE));
    put(base, 16, RW);
    locked("mapped over");
    value("out of reach", mprotect(base, PAGE, PROT_NONE));
    value("lock what is out of reach", mlock(base, PAGE));
    locked("it counts");
    value("when it is touched", syscall(SYS_mlock2, base + 2 * PAGE, PAGE, MLOCK_ONFAULT));
    value("unknown flag", syscall(SYS_mlock2, base + 2 * PAGE, PAGE, 2));
    locked("one more");
    put(base, 16, RW);
    must("mmap", place(mmap(base, 3 * PAGE, RW, ANONYMOUS | MAP_FIXED | MAP_LOCKED, -1, 0)));
    locked("mapped locked");
    value("not needed", madvise(base, PAGE, MADV_DONTNEED));
    value("free", madvise(base, PAGE, MADV_FREE) == 0 ? 0 : -1);
    value("cold", madvise(base, PAGE, MADV_COLD));
    value("not needed, though locked", madvise(base, PAGE, 24));
    value("sync it to others", msync(base, PAGE, MS_SYNC | MS_INVALIDATE));
    char *moved = mremap(base, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, base + 8 * PAGE);
    must("mremap", place(moved));
    locked("moved and longer");
    value("unlock all", munlockall());
    locked("unlocked");
}

static void all_of_it(void)
{
    put(base, 16, RW);
    value("no flag", mlockall(0));
    value("when touched, alone", mlockall(MCL_ONFAULT));
    value("unknown flag", mlockall(8));
    value("lock what comes", mlockall(MCL_FUTURE | MCL_ONFAULT));
    locked("none yet");
    put(base, 2, RW);
    locked("two");
    char *end = (char *)syscall(SYS_brk, 0);
    holds("brk", (char *)syscall(SYS_brk, end + PAGE) == end + PAGE);
    locked("three");
    holds("brk", (char *)syscall(SYS_brk, end) == end);
    value("what comes no more", munlockall());
    put(base, 2, RW);
    locked("none");
    value("lock what is", mlockall(MCL_CURRENT | MCL_ONFAULT));
    holds("much", status_of("VmLck") >= 16 * PAGE / 1024);
    long before = status_of("VmLck");
    put(base, 2, RW);
    printf("mapped over: %ld kB less\n", before - status_of("VmLck"));
    value("unlock all", munlockall());
    locked("none");
}

static void limited(void)
{
    put(base, 16, RW);
    limit(4);
    value("the mighty lock what they like", mlock(base, 8 * PAGE));
    must("unlock", munlockall());
    must("seteuid", seteuid(65534));
    value("up to the limit", mlock(base, 4 * PAGE));
    value("over it", mlock(base + 4 * PAGE, PAGE));
    value("what is locked is not counted twice", mlock(base, 3 * PAGE));
    value("half of it is new", mlock(base + 2 * PAGE, 4 * PAGE));
    value("map it locked", place(mmap(base + 8 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED | MAP_LOCKED, -1, 0)));
    show_maps("nothing came of it", base + 8 * PAGE, 2);
    munmap(base + 4 * PAGE, 4 * PAGE);
    value("grow it", place(mremap(base, 4 * PAGE, 5 * PAGE, 0)));
    locked("four");
    value("all", mlockall(MCL_CURRENT));
    value("what comes", mlockall(MCL_FUTURE));
    value("map one more", place(mmap(NULL, PAGE, RW, ANONYMOUS, -1, 0)));
    char *end = (char *)syscall(SYS_brk, 0);
    holds("brk says no", (char *)syscall(SYS_brk, end + PAGE) == end);
    value("not any more", munlockall());
    limit(0);
    value("none at all", mlock(base, PAGE));
    value("not even nothing", mlock(base, 0));
    value("all", mlockall(MCL_CURRENT));
    value("map it locked", place(mmap(NULL, PAGE, RW, ANONYMOUS | MAP_LOCKED, -1, 0)));
    value("unlocking is free", munlock(base, PAGE));
    must("seteuid", seteuid(0));
    limit(-1);
    locked("none");
}

int main(void)
{
    catch_faults();
    limit(-1);
    base = room(16);
    counted();
    all_of_it();
    limited();
    return broken;
}
