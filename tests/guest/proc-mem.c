// /proc/PID/mem: one's own memory and a relative's, by address.
#include "guest.h"
#include <sys/mman.h>

static char word[64] = "original";
static const char constant[] = "constant";

static long at(int file, const void *address, void *buffer, size_t length)
{
    return pread(file, buffer, length, (off_t)(unsigned long)address);
}

int main(void)
{
    char seen[64] = "", byte;
    int there[2], back[2];
    must("pipe", pipe(there));
    must("pipe", pipe(back));
    int self = must("open", open("/proc/self/mem", O_RDWR));
    holds("reads", at(self, word, seen, 8) == 8 && !memcmp(seen, "original", 8));
    holds("writes", pwrite(self, "replaced", 8, (off_t)(unsigned long)word) == 8 && !strcmp(word, "replaced"));
    holds("constants", at(self, constant, seen, 8) == 8 && !memcmp(seen, "constant", 8));
    lseek(self, (off_t)(unsigned long)word + 2, SEEK_SET);
    holds("by position", read(self, seen, 3) == 3 && !memcmp(seen, "pla", 3) && read(self, seen, 3) == 3 && !memcmp(seen, "ced", 3));
    value("from the end", lseek(self, 0, SEEK_END));
    char *nothing = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(nothing + 4096, 4096);
    value("where nothing is", at(self, nothing + 4096, seen, 8));
    value("up to where nothing is", at(self, nothing + 4096 - 5, seen, 8));

    pid_t child = must("fork", fork());
    if (child == 0) {
        strcpy(word, "child's");
        must("write", write(back[1], "x", 1));
        must("read", read(there[0], &byte, 1));
        value("inherited, of the parent", at(self, word, seen, 9));
        _exit(strcmp(word, "told") || strcmp(seen, "replaced"));
    }
    must("read", read(back[0], &byte, 1));
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/mem", child);
    int other = must("open", open(path, O_RDWR));
    holds("the child's", at(other, word, seen, 8) == 8 && !strcmp(seen, "child's") && !strcmp(word, "replaced"));
    holds("written", pwrite(other, "told", 5, (off_t)(unsigned long)word) == 5 && !strcmp(word, "replaced"));
    must("write", write(there[1], "x", 1));
    outcome("the child", child);
    value("of who has ended", at(other, word, seen, 8));
    return broken;
}
