// A child takes all memory there is, in pieces too large to kill for, and its parent asks for a few pages then: the child has to go. With an argument there is another child before, with little, that offers itself.
#include "memory.h"

enum { PIECE = 16, LITTLE = 8 };

static _Noreturn void hog(void)
{
    int pieces = 0;
    while (mmap(NULL, PIECE * PAGE, RW, ANONYMOUS, -1, 0) != MAP_FAILED)
        pieces++;
    printf("the child has much: %s, and is refused: %s\n", pieces > 100 ? "yes" : "no", strerror(errno));
    must("write", write(9, "x", 1));
    for (;;)
        pause();
}

static _Noreturn void offer(void)
{
    int fd = must("oom_score_adj", open("/proc/self/oom_score_adj", O_WRONLY));
    must("write", write(fd, "1000", 4));
    must("mmap", place(mmap(NULL, 64 * PAGE, RW, ANONYMOUS, -1, 0)));
    must("write", write(9, "x", 1));
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    int ends[2];
    char byte;
    pid_t other = 0;
    if (argc > 1 && !strcmp(argv[1], "hog"))
        hog();
    if (argc > 1 && !strcmp(argv[1], "offer"))
        offer();
    must("pipe", pipe(ends));
    must("dup2", dup2(ends[1], 9));
    if (argc > 1) {
        other = START("offer");
        must("read", read(ends[0], &byte, 1));
    }
    pid_t child = START("hog");
    must("read", read(ends[0], &byte, 1));
    for (int i = 0; i < 4; i++) {
        char *map = mmap(NULL, LITTLE * PAGE, RW, ANONYMOUS, -1, 0);
        must("a few pages", place(map));
        letter(map, LITTLE, 'a');
    }
    printf("the parent has a few pages, for child %d\n", (int)child);
    if (other) {
        outcome("who offered itself", other);
        value("the child", waitpid(child, NULL, WNOHANG));
        kill(child, SIGTERM);
    }
    outcome("the child", child);
    return 0;
}
