// The smallest thing that can go wrong: arguments, the environment, standard output, and the status.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    printf("%d arguments, HOME=%s\n", argc, getenv("HOME"));
    fprintf(stderr, "and to standard error\n");
    return argv[argc] != NULL;
}
