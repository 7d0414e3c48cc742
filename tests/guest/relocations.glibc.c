// flags: -Wl,-z,pack-relative-relocs
// What the start of a program does to itself: packed relative relocations (DT_RELR), functions that are chosen at the start (IRELATIVE), variables of threads with what they are to hold (static TLS).
#include "guest.h"
#include <elf.h>
#include <link.h>
#include <pthread.h>

static int one, two, three;
static int *const pointers[] = { &one, &two, &three, &one, &two, &three };
static const char *const texts[] = { "these", "are", "reached", "by", "pointers" };

static int first_choice(int value)
{
    return value + 1;
}

static int (*choose(void))(int)
{
    return first_choice;
}

static int chosen(int value) __attribute__((ifunc("choose")));

static __thread int initialized = 42;
static __thread char aligned[64] __attribute__((aligned(64))) = "in each thread";
static __thread long cleared;
static int *const *volatile seen = pointers;

static int packed;

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_DYNAMIC || info->dlpi_name[0])
            continue;
        for (ElfW(Dyn) *entry = (void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr); entry->d_tag != DT_NULL; entry++)
            packed |= entry->d_tag == 36; // DT_RELR
    }
    return 0;
}

static void *in_thread(void *result)
{
    *(int *)result = initialized == 42 && cleared == 0 && strcmp(aligned, "in each thread") == 0 && (unsigned long)aligned % 64 == 0;
    initialized = 1;
    cleared = 2;
    aligned[0] = 'I';
    return NULL;
}

int main(void)
{
    dl_iterate_phdr(look, NULL);
    holds("packed relocations", packed);
    holds("pointers", seen[0] == &one && seen[4] == &two && seen[5] == &three);
    for (unsigned i = 0; i < COUNT(texts); i++)
        printf("%s%c", texts[i], i + 1 < COUNT(texts) ? ' ' : '\n');
    value("a function that is chosen", chosen(6));
    value("one of the library's", (long)strlen(texts[2]));
    initialized = 7;
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        int result = 0;
        must("pthread_create", -(pthread_create(&thread, NULL, in_thread, &result) != 0));
        pthread_join(thread, NULL);
        holds("a thread's own", result);
    }
    value("and this one's", initialized);
    return broken;
}
