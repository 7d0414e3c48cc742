// Mappings that grow down (MAP_GROWSDOWN): by faults of the program and of the kernel on its behalf, down to what lies below and a gap, within limits.
#include "clone.inc.c"
#include "memory.h"
#include <sched.h>
#include <sys/uio.h>

enum { PAGES = 2048, GAP = 256, TOP_PAGE = PAGES - 1 };

static char *base;
static struct rlimit stack_limit;

static void limit_stack(long pages)
{
    struct rlimit limit = { pages * PAGE, stack_limit.rlim_max };
    must("setrlimit", setrlimit(RLIMIT_STACK, &limit));
}

// A hole with one page at its upper end that grows.
static void anew(int protection)
{
    if (base)
        munmap(base, PAGES * PAGE);
    base = mmap(base, PAGES * PAGE, PROT_NONE, ANONYMOUS | MAP_NORESERVE | (base ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    must("a place", place(base));
    must("munmap", munmap(base, PAGES * PAGE));
    must("a page", place(mmap(base + TOP_PAGE * PAGE, PAGE, protection, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0)));
}

static void touch(const char *what, long page)
{
    printf("%s: %s\n", what, reach(base + page * PAGE + 100));
}

static void place_one(long page, int protection, int flags)
{
    must("a neighbour", place(mmap(base + page * PAGE, PAGE, protection, ANONYMOUS | MAP_FIXED | flags, -1, 0)));
}

static void faults(void)
{
    anew(RW);
    touch("the page", TOP_PAGE);
    touch("the one below", TOP_PAGE - 1);
    base[(TOP_PAGE - 1) * PAGE] = 5;
    touch("some below", TOP_PAGE - 40);
    show_maps("it is one", base, PAGES);
    value("what was there", base[(TOP_PAGE - 1) * PAGE]);
    value("what is new", base[(TOP_PAGE - 39) * PAGE]);
    limit_stack(100);
    touch("beyond the limit", TOP_PAGE - 100);
    touch("at the limit", TOP_PAGE - 99);
    limit_stack(50);
    touch("what was there before the limit", TOP_PAGE - 99);
    touch("further down", TOP_PAGE - 100);
    limit_stack(4096);
    show_maps("it is one", base, PAGES);
    value("unmap its middle", munmap(base + (TOP_PAGE - 50) * PAGE, 10 * PAGE));
    touch("grows into it", TOP_PAGE - 41);
    touch("and to what was cut off", TOP_PAGE - 50);
    show_maps("one again", base, PAGES);
    anew(PROT_READ);
    touch("one to be read", TOP_PAGE - 3);
    show_maps("grown to no use", base, PAGES);
    anew(PROT_NONE);
    touch("one of no use", TOP_PAGE - 3);
    value("protected downwards", mprotect(base + TOP_PAGE * PAGE, PAGE, RW | PROT_GROWSDOWN));
    touch("now of use", TOP_PAGE - 4);
    show_maps("all of it", base, PAGES);
}

static void neighbours(void)
{
    anew(RW);
    place_one(100, RW, 0);
    touch("too near to what is below", 100 + GAP);
    touch("next to that", 101);
    touch("with a gap", 101 + GAP);
    show_maps("up to the gap", base, PAGES);
    anew(RW);
    place_one(100, PROT_NONE, 0);
    touch("next to what can't be touched", 101);
    show_maps("joined by nothing", base, PAGES);
    anew(RW);
    place_one(1000, RW, MAP_GROWSDOWN);
    touch("next to another that grows", 1001);
    touch("below that", 900);
    show_maps("both", base, PAGES);
    anew(RW);
    char *hint = base + (TOP_PAGE - 10) * PAGE, *got = mmap(hint, PAGE, RW, ANONYMOUS, -1, 0);
    must("mmap", place(got));
    holds("a wish for a place in the gap is not granted", got != hint);
    munmap(got, PAGE);
    hint = base + (TOP_PAGE - 1 - GAP) * PAGE;
    got = mmap(hint, PAGE, RW, ANONYMOUS, -1, 0);
    holds("just below it is", got == hint);
    touch("so it does not grow", TOP_PAGE - 1);
    place_one(TOP_PAGE - 1, RW, 0);
    touch("what is put there is there", TOP_PAGE - 1);
}

static void calls(void)
{
    int ends[2];
    char *at;
    anew(RW);
    limit_stack(500);
    must("pipe", pipe(ends));
    must("write", write(ends[1], "0123456789", 10));
    at = base + (TOP_PAGE - 5) * PAGE;
    value("read(2) into what is to grow", read(ends[0], at, 10));
    printf("%.10s\n", at);
    value("write(2) of what is to grow", write(ends[1], at - 5 * PAGE, 3 * PAGE));
    show_maps("as far as it was asked", base, PAGES);
    value("read(2) of it", read(ends[0], at, 3 * PAGE));
    at = base + (TOP_PAGE - 20) * PAGE;
    holds("getcwd(2) into it", syscall(SYS_getcwd, at, 100) > 0 && at[0] == '/');
    value("a path in it, empty", access(base + (TOP_PAGE - 30) * PAGE, F_OK));
    value("a time in it", nanosleep((struct timespec *)(base + (TOP_PAGE - 31) * PAGE), NULL));
    value("a futex in it", syscall(SYS_futex, base + (TOP_PAGE - 40) * PAGE, 0, 1, NULL));
    struct iovec pieces[] = { { base + (TOP_PAGE - 50) * PAGE, 4 }, { base + (TOP_PAGE - 60) * PAGE, 6 } };
    must("write", write(ends[1], "0123456789", 10));
    value("pieces in it", readv(ends[0], pieces, 2));
    printf("%.4s %.6s\n", (char *)pieces[0].iov_base, (char *)pieces[1].iov_base);
    int file = must("open", open("/proc/self/exe", O_RDONLY));
    value("a file into it", read(file, base + (TOP_PAGE - 70) * PAGE, 10) == 10);
    close(file);
    show_maps("all that", base, PAGES);
    must("write", write(ends[1], "0123456789", 10));
    value("beyond the limit", read(ends[0], base + (TOP_PAGE - 500) * PAGE, 10));
    value("a path beyond", access(base + (TOP_PAGE - 500) * PAGE, F_OK));
    show_maps("no more", base, PAGES);
    close(ends[0]);
    close(ends[1]);
    limit_stack(4096);
}

static int deep(int left)
{
    volatile char frame[3000];
    frame[0] = (char)left;
    return left ? deep(left - 1) + (frame[0] != (char)left) : 0;
}

static int runs(void *argument)
{
    *(volatile int *)argument = 1 + deep(1000);
    return 0;
}

static volatile int handled;

static void handler(int signal)
{
    volatile char frame[2000];
    frame[0] = 1;
    handled += frame[0];
}

static int signals_itself(void *argument)
{
    // A stack pointer at the very end of what is there: the frame goes below.
    long self = CALL(SYS_gettid);
    return (int)CALL(SYS_tgkill, *(volatile int *)argument, self, SIGUSR1);
}

static void stacks(void)
{
    volatile int result = 0;
    anew(RW);
    reap("a child on a stack that grows", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, base + PAGES * PAGE, NULL, NULL, NULL, runs, (void *)&result));
    value("ran through", result);
    anew(RW);
    limit_stack(100);
    reap("on one that does not grow as far", spawn(CLONE_VM | CLONE_VFORK | SIGCHLD, base + PAGES * PAGE, NULL, NULL, NULL, runs, (void *)&result));
    limit_stack(4096);
    anew(RW);
    signal(SIGUSR1, handler);
    result = getpid();
    spawn(CLONE_VM | CLONE_VFORK | CLONE_THREAD | CLONE_SIGHAND, base + TOP_PAGE * PAGE + 256, NULL, NULL, NULL, signals_itself, (void *)&result);
    value("a handler below", handled);
    holds("it has grown", !strcmp(reach(base + (TOP_PAGE - 1) * PAGE), "rw"));
}

static void limits(void)
{
    struct rlimit limit, none;
    anew(RW);
    getrlimit(RLIMIT_AS, &limit);
    none = limit;
    none.rlim_cur = 1;
    setrlimit(RLIMIT_AS, &none);
    touch("with no memory left to map", TOP_PAGE - 1);
    setrlimit(RLIMIT_AS, &limit);
    touch("with some", TOP_PAGE - 1);
    getrlimit(RLIMIT_DATA, &limit);
    none = limit;
    none.rlim_cur = 1;
    setrlimit(RLIMIT_DATA, &none);
    touch("it is no data", TOP_PAGE - 5);
    setrlimit(RLIMIT_DATA, &limit);
}

int main(void)
{
    // A stack for the handler of faults, since they may be on one that can't grow.
    static char own[STACK];
    sigaltstack(&(stack_t) { .ss_sp = own, .ss_size = sizeof own }, NULL);
    getrlimit(RLIMIT_STACK, &stack_limit);
    limit_stack(4096);
    catch_faults();
    faults();
    neighbours();
    calls();
    limits();
    signal(SIGSEGV, SIG_DFL);
    stacks();
    return broken;
}
