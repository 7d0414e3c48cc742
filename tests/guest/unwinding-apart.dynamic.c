// As unwinding.c, with the unwinder in one library and the code that a handler returns to in another.
// flags: -funwind-tables -Wl,--eh-frame-hdr
#include "guest.h"
#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>

static int (*unwinder)(void **frames, int most);

static int backtrace(void **frames, int most) { return unwinder(frames, most); }

#include "backtrace.inc.c"

int main(int argc, char **argv)
{
    char path[512];
    snprintf(path, sizeof path, "%s", argv[0]);
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash : path, 30, "/libunwinder.so");
    void *library = dlopen(path, RTLD_NOW);
    if (!holds("the unwinder is there", library != NULL)) {
        printf("%s\n", dlerror());
        return 1;
    }
    unwinder = (int (*)(void **, int))dlsym(library, "unwinder_backtrace");
    handle(SIGILL);
    handle(SIGALRM);
    look_from_code();
    return broken;
}

// The host compiler's unwinder asks its own C library where the unwind tables are.
struct found { unsigned long long flags; void *start, *end, *map, *table; unsigned long long reserved[7]; };
struct search { char *address; struct found *found; };

static int look_at(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct search *search = argument;
    char *table = NULL, *start = NULL, *end = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        char *at = (char *)info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_GNU_EH_FRAME)
            table = at;
        if (header->p_type == PT_LOAD && search->address >= at && search->address < at + header->p_memsz)
            (start = at), (end = at + header->p_memsz);
    }
    if (start)
        *search->found = (struct found) { .start = start, .end = end, .table = table };
    return start != NULL && table != NULL;
}

int _dl_find_object(void *address, struct found *found)
{
    struct search search = { address, found };
    return dl_iterate_phdr(look_at, &search) ? 0 : -1;
}
