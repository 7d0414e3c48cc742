// A stack is there as far as its program wants it, at any time and by whoever touches it first: the program, or the kernel for it; also where the same program has just been executed before.
#include "guest.h"
#include <sys/uio.h>

static __attribute__((noinline)) int deep(int levels)
{
    volatile char frame[16 << 10];
    memset((char *)frame, levels, sizeof frame);
    int below = levels > 1 ? deep(levels - 1) : 0;
    return frame[100] == (char)levels && frame[sizeof frame - 1] == (char)levels ? below + 1 : 0;
}

// What nobody has touched is zero or whatever, but can be read and written by the kernel.
static __attribute__((noinline)) long by_kernel(int how)
{
    char buffer[300 << 10];
    int ends[2];
    must("pipe", pipe(ends));
    long result = -1;
    if (how == 0 && write(ends[1], "12345678", 8) == 8)
        result = read(ends[0], buffer, sizeof buffer);
    if (how == 1)
        result = write(ends[1], buffer, 1000);
    if (how == 2) {
        struct iovec pieces[2] = { { buffer, 10 }, { buffer + 5000, 10 } };
        result = writev(ends[1], pieces, 2) == 20 ? readv(ends[0], pieces, 2) : -1;
    }
    if (how == 3)
        result = getcwd(buffer, 4096) ? 1 : -1;
    if (how == 4)
        result = stat("/", (struct stat *)buffer);
    close(ends[0]), close(ends[1]);
    return result;
}

int main(int argc, char **argv)
{
    int how = argc > 1 ? atoi(argv[1]) : -1;
    if (how >= 0 && how < 5)
        return by_kernel(how) < 0;
    if (how == 5)
        return deep(40) != 40;
    if (how == 6)
        return argc == 4 && strlen(argv[2]) == 100000 && strlen(argv[3]) == 100000 ? 0 : 1;
    static char longest[100001];
    memset(longest, 'x', sizeof longest - 1);
    int bad = 0;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 7; i++) {
            char number[2] = { '0' + i, 0 };
            pid_t child = vfork();
            if (child == 0) {
                if (i == 6)
                    execl("/proc/self/exe", "stack-use", number, longest, longest, (char *)0);
                else
                    execl("/proc/self/exe", "stack-use", number, (char *)0);
                _exit(127);
            }
            int status;
            if (waitpid(child, &status, 0) != child || status != 0) {
                printf("round %d, way %d: status %x\n", round, i, status);
                bad = 1;
            }
        }
    holds("stacks are there", !bad);
    return broken;
}
