// flags: -static -no-pie -fno-pie
// Programs that are linked to one fixed address run at the same time: each forks and vforks children that execute this program again, and finds its own data afterwards.
#include "guest.h"

static char data[30000] = "data", zeros[50000];

static void relay(int from)
{
    char text[500];
    long count;
    while ((count = read(from, text, sizeof text)) > 0)
        must("write", write(STDOUT_FILENO, text, count));
    close(from);
}

int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 3;
    char *heap = malloc(5000), below[12];
    memset(data, depth + 10, sizeof data);
    memset(zeros, depth, sizeof zeros);
    memset(heap, depth, 5000);
    snprintf(below, sizeof below, "%d", depth - 1);
    for (int vforks = 0; vforks < 2 && depth > 0; vforks++) {
        int ends[2], status;
        must("pipe", pipe(ends));
        pid_t child = vforks ? vfork() : fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[0]);
            execl("/proc/self/exe", "fixed-turns", below, (char *)0);
            _exit(99);
        }
        close(ends[1]);
        relay(ends[0]);
        must("waitpid", waitpid(child, &status, 0));
        printf("%d: the child ended with %d\n", depth, WEXITSTATUS(status));
        holds("what is ours is as it was", data[20000] == depth + 10 && zeros[40000] == depth && heap[4000] == depth);
    }
    return broken ? 98 : depth == 3 ? 0 : depth;
}
