// Makes one system call by its number: host-call NUMBER [ARGUMENT...]; an argument is a number, or a text whose address is passed. Prints what it answers.
#include "guest.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long a[6] = {0};
    for (int i = 2; i < argc && i < 8; i++) {
        char *end;
        a[i - 2] = strtol(argv[i], &end, 0);
        if (*end)
            a[i - 2] = (long)argv[i];
    }
    long answer = syscall(strtol(argv[1], NULL, 0), a[0], a[1], a[2], a[3], a[4], a[5]);
    if (answer == -1)
        printf("-1 %d\n", errno);
    else
        printf("%ld\n", answer);
    return 0;
}
