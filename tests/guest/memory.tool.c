// memory.tool: takes and touches memory until there is no more, says with which error, and gives it all back; twice.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECE = 1 << 20, MOST = 1024 };

int main(void)
{
    static char *pieces[MOST];
    for (int round = 0; round < 2; round++)
    {
        int count = 0;
        while (count < MOST && (pieces[count] = mmap(0, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED)
            memset(pieces[count++], 1, PIECE);
        printf("%s after %s\n", count < MOST ? strerror(errno) : "no error", count > 32 && count < 64 ? "most of 64 MB" : "an odd amount");
        while (count > 0)
            munmap(pieces[--count], PIECE);
    }
    return 0;
}
