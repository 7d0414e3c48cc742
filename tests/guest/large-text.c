// A program with megabytes of code and system calls here and there in it: what is run, read, written over, forgotten and protected of it is as in a small one.
#include "guest.h"
#include <sys/mman.h>
#include <sys/syscall.h>

// Eight pieces of half a megabyte: a call, functions that answer what they get plus one, and a call again.
asm(".pushsection .text.large,\"ax\",@progbits\n"
    ".balign 4096\n"
    ".globl large\n"
    "large:\n"
    ".rept 8\n"
    "mov $39, %eax\n"
    "syscall\n"
    "ret\n"
    ".balign 16\n"
    ".rept 32766\n"
    "lea 1(%rdi), %rax\n"
    "ret\n"
    ".balign 16\n"
    ".endr\n"
    "mov %rdi, %rax\n"
    "xor %edi, %edi\n"
    "syscall\n"
    "ret\n"
    ".balign 16\n"
    ".endr\n"
    ".popsection");

#define PIECE (32768 * 16)
#define PIECES 8
extern char large[];

static long first(int piece) { return ((long (*)(void))(large + piece * PIECE))(); }
static long plain(int piece, int at, long value) { return ((long (*)(long))(large + piece * PIECE + at * 16))(value); }
static long last(int piece, long number) { return ((long (*)(long))(large + (piece + 1) * PIECE - 16))(number); }

static int right(void)
{
    int wrong = 0;
    for (int piece = 0; piece < PIECES; piece++) {
        wrong += first(piece) != getpid();
        wrong += last(piece, SYS_getppid) != getppid();
        wrong += last(piece, 5555) != -ENOSYS;
        for (int at = 1; at < 32767; at += 1111)
            wrong += plain(piece, at, at) != at + 1;
    }
    return !wrong;
}

// As the file has it, but where calls are.
static int as_in_file(void)
{
    static char bytes[PIECE * PIECES];
    char name[64], line[256];
    unsigned long start = 0, end, offset = 0;
    snprintf(name, sizeof name, "/proc/self/maps");
    FILE *maps = fopen(name, "r");
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && (unsigned long)large >= start && (unsigned long)large < end)
            break;
    fclose(maps);
    int fd = must("open", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    must("pread", pread(fd, bytes, sizeof bytes, offset + ((unsigned long)large - start)));
    close(fd);
    int wrong = 0;
    for (int piece = 0; piece < PIECES; piece++)
        wrong += memcmp(bytes + piece * PIECE + 16, large + piece * PIECE + 16, PIECE - 32) != 0;
    return !wrong;
}

static int faults(void *address)
{
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        *(volatile char *)address = 0;
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void change(void)
{
    char *piece = large + 3 * PIECE;
    holds("text is not written to", faults(piece + 160));
    value("mprotect", mprotect(piece, PIECE, PROT_READ | PROT_WRITE | PROT_EXEC));
    memcpy(piece + 160, "\x48\x8d\x47\x07\xc3", 5); // lea 7(%rdi), %rax; ret
    value("what was written over", plain(3, 10, 1));
    value("its neighbour", plain(3, 11, 1));
    holds("its call", first(3) == getpid());
    value("mprotect back", mprotect(piece, PIECE, PROT_READ | PROT_EXEC));
    value("what was written over", plain(3, 10, 1));
    value("forgotten", madvise(piece, PIECE, MADV_DONTNEED));
    value("what was written over", plain(3, 10, 1));
    holds("all as before", right());
}

static void move(void)
{
    char *place = mmap(NULL, PIECE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *moved = mremap(large + 6 * PIECE, PIECE, PIECE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    holds("moved", moved == place);
    holds("its call", ((long (*)(void))moved)() == getpid());
    holds("its other call", ((long (*)(long))(moved + PIECE - 16))(SYS_getppid) == getppid());
    value("a function of it", ((long (*)(long))(moved + 16 * 100))(41));
    holds("where it was is nothing", faults(large + 6 * PIECE + 16));
    value("unmap a part", munmap(large + 7 * PIECE + 4096, 4096));
    value("what lies before", plain(7, 1, 1));
    value("what lies behind", plain(7, 1000, 1));
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        holds("the program again", right());
        return broken ? 1 : 5;
    }
    holds("all calls and functions", right());
    holds("as in the file", as_in_file());
    outcome("once more", START("again"));
    change();
    outcome("and with the change", START("again"));
    done("to write", open("/proc/self/exe", O_WRONLY | O_CLOEXEC));
    move();
    outcome("after the move", START("again"));
    return broken;
}
