// A program that dies of certain signals leaves an image of its memory (core(5)), where its limit is large enough for one, and its status says so.
#include "guest.h"
#include <elf.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static char marked[] = "what the image must hold";
static char *mapped;

// user_regs_struct, after the 112 bytes of elf_prstatus that come before
enum { STATUS_SIGNAL = 12, STATUS_PID = 32, STATUS_REGISTERS = 112, R12 = 3, RIP = 16, RSP = 19, STATUS_SIZE = 336 };

static int role(char **argv)
{
    int signal = atoi(argv[2]);
    setrlimit(RLIMIT_CORE, &(struct rlimit) { strtoul(argv[3], NULL, 10), RLIM_INFINITY });
    if (argv[4])
        prctl(PR_SET_DUMPABLE, 0);
    marked[0] = 'W';
    mapped = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(mapped + 4096, "and this");
    if (signal < 0)
        __asm__ volatile("mov $0x4711, %%r12; ud2" ::: "r12");
    else
        raise(signal);
    pause();
    return 0;
}

static int attempt(const char *what, const char *signal, const char *limit, const char *more)
{
    int status;
    pid_t child = START("dies", (char *)signal, (char *)limit, (char *)more);
    waitpid(child, &status, 0);
    printf("%s: %s, core %d, file %d\n", what, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "no signal", !!WCOREDUMP(status), access("core", F_OK) == 0);
    return child;
}

static char *image;
static long size;

static void *at(unsigned long address)
{
    Elf64_Ehdr *header = (void *)image;
    Elf64_Phdr *part = (void *)(image + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++)
        if (part[i].p_type == PT_LOAD && address >= part[i].p_vaddr && address < part[i].p_vaddr + part[i].p_filesz)
            return image + part[i].p_offset + (address - part[i].p_vaddr);
    return NULL;
}

static char *note(unsigned type, unsigned *length)
{
    Elf64_Ehdr *header = (void *)image;
    Elf64_Phdr *part = (void *)(image + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) {
        if (part[i].p_type != PT_NOTE)
            continue;
        for (char *now = image + part[i].p_offset, *end = now + part[i].p_filesz; now < end;) {
            Elf64_Nhdr *entry = (void *)now;
            char *description = now + sizeof *entry + ((entry->n_namesz + 3) & -4);
            if (entry->n_type == type) {
                *length = entry->n_descsz;
                return description;
            }
            now = description + ((entry->n_descsz + 3) & -4);
        }
    }
    return NULL;
}

static void look_into(int pid)
{
    struct stat status;
    int fd = must("core", open("core", O_RDONLY | O_CLOEXEC));
    fstat(fd, &status);
    holds("nobody else may read it", (status.st_mode & 07777) == 0600);
    size = status.st_size;
    image = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    Elf64_Ehdr *header = (void *)image;
    holds("an ELF image", !memcmp(header->e_ident, ELFMAG, SELFMAG) && header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_type == ET_CORE && header->e_machine == EM_X86_64);
    unsigned length = 0;
    char *registers = note(NT_PRSTATUS, &length);
    if (holds("with a status", registers && length == STATUS_SIZE)) {
        unsigned long *values = (void *)(registers + STATUS_REGISTERS);
        holds("the signal", *(short *)(registers + STATUS_SIGNAL) == SIGILL);
        holds("the process", *(int *)(registers + STATUS_PID) == pid);
        holds("a register", values[R12] == 0x4711);
        unsigned char *code = at(values[RIP]);
        holds("the stack", at(values[RSP]) != NULL);
        holds("text is in the file that the program is", code == NULL || (code[0] == 0x0f && code[1] == 0x0b));
    }
    char *info = note(NT_PRPSINFO, &length);
    holds("the process's name", info && length == 136 && !strncmp(info + 40, "exe", 4));
    holds("the signal's siginfo", (info = note(NT_SIGINFO, &length)) && length == 128 && *(int *)info == SIGILL);
    unsigned long *vector = (void *)note(NT_AUXV, &length);
    unsigned long entry = 0;
    for (unsigned i = 0; vector && i < length / 16; i++)
        if (vector[2 * i] == AT_ENTRY)
            entry = vector[2 * i + 1];
    holds("the auxiliary vector", entry != 0);
    holds("the mapped files", note(NT_FILE, &length) != NULL);
    holds("floating point", note(NT_FPREGSET, &length) && length == 512);
    // The program is linked to 0 and lies where its entry point says.
    int self = must("self", open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    Elf64_Ehdr own;
    must("read", read(self, &own, sizeof own));
    extern char __ehdr_start[];
    unsigned long bias = entry - own.e_entry;
    char *words = at(bias + ((unsigned long)marked - (unsigned long)__ehdr_start));
    holds("what was written to data", words && !strcmp(words, "What the image must hold"));
    unsigned long *pointer = at(bias + ((unsigned long)&mapped - (unsigned long)__ehdr_start));
    char *page = pointer ? at(*pointer) : NULL;
    holds("what was written to memory", page && page[0] == 0 && !strcmp(page + 4096, "and this") && at(*pointer + 2 * 4096));
    munmap(image, size);
    close(self);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return role(argv);
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    char pattern[20] = "core\n";
    int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, pattern, sizeof pattern - 1) < 0)
        return 1;
    close(fd);
    skip_unless(limit.rlim_max == RLIM_INFINITY && !strncmp(pattern, "core\n", 5), "a limit of core files that can be raised, and their usual name");
    scratch();
    char signal[20];
    int pid = attempt("an illegal instruction", "-1", "-1", NULL);
    look_into(pid);
    unlink("core");
    static const int signals[] = { SIGQUIT, SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP, SIGSYS, SIGXCPU, SIGXFSZ, SIGTERM, SIGKILL, SIGUSR1, SIGALRM, 40 };
    for (unsigned i = 0; i < COUNT(signals); i++) {
        snprintf(signal, sizeof signal, "%d", signals[i]);
        attempt("a signal", signal, "-1", NULL);
        unlink("core");
    }
    snprintf(signal, sizeof signal, "%d", SIGQUIT);
    attempt("no limit but 0", signal, "0", NULL);
    attempt("less than a page", signal, "4095", NULL);
    attempt("a page", signal, "4096", NULL);
    struct stat status;
    holds("no more than that", stat("core", &status) == 0 && status.st_size <= 4096);
    attempt("over an old one", signal, "-1", NULL);
    unlink("core");
    attempt("not to be dumped", signal, "-1", "no");
    mkdir("core", 0700);
    attempt("where there is a directory", signal, "-1", NULL);
    rmdir("core");
    symlink("elsewhere", "core");
    attempt("where there is a link", signal, "-1", NULL);
    holds("which has gone", access("elsewhere", F_OK) != 0 && lstat("core", &status) == 0 && S_ISREG(status.st_mode));
    unlink("core");
    leave();
    return broken;
}
