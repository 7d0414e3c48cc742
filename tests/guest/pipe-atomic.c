// Writes of at most PIPE_BUF bytes are never mixed, however many write; larger ones wait for room until they are whole.
#include "guest.h"
#include <limits.h>
#include <poll.h>

enum { BLOCKS = 200 };
static char block[PIPE_BUF];

static int role(char **argv)
{
    if (!strcmp(argv[1], "writer")) {
        memset(block, argv[2][0], sizeof block);
        for (int i = 0; i < BLOCKS; i++)
            if (write(1, block, sizeof block) != sizeof block)
                return 1;
        return 0;
    }
    // One write of far more than the pipe holds.
    static char large[300000];
    memset(large, 'L', sizeof large);
    return write(1, large, sizeof large) == sizeof large ? 0 : 1;
}

static pid_t start_into(int fd, char *const argv[])
{
    pid_t child = vfork();
    if (child == 0) {
        dup2(fd, 1);
        execv("/proc/self/exe", argv);
        _exit(126);
    }
    return child;
}

static int read_whole(int fd, char *into, int size)
{
    int sum = 0, got;
    while (sum < size && (got = read(fd, into + sum, size - sum)) > 0)
        sum += got;
    return sum;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    int ends[2];
    must("pipe", pipe2(ends, O_CLOEXEC));
    pid_t writers[3];
    for (int i = 0; i < 3; i++) {
        char letter[2] = { 'a' + i, 0 };
        writers[i] = start_into(ends[1], (char *[]) { "guest", "writer", letter, NULL });
    }
    close(ends[1]);
    int blocks[3] = { 0 }, mixed = 0;
    while (read_whole(ends[0], block, sizeof block) == sizeof block) {
        for (size_t i = 1; i < sizeof block; i++)
            mixed |= block[i] != block[0];
        blocks[(block[0] - 'a') % 3]++;
    }
    printf("blocks %d %d %d, mixed: %d\n", blocks[0], blocks[1], blocks[2], mixed);
    for (int i = 0; i < 3; i++)
        outcome("writer", writers[i]);

    must("pipe", pipe2(ends, O_CLOEXEC));
    pid_t child = start_into(ends[1], (char *[]) { "guest", "large", NULL });
    close(ends[1]);
    until_state(child, 'S');
    static char large[300001];
    int got = read_whole(ends[0], large, sizeof large), right = 0;
    for (int i = 0; i < got; i++)
        right += large[i] == 'L';
    printf("large write: %d bytes, right %d\n", got, right);
    outcome("large writer", child);
    return broken;
}
