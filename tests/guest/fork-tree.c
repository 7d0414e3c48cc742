// Random trees of processes that fork, each with memory of its own whose sums are checked wherever it runs: fork-tree [PROCESSES [SEED]].
#include "guest.h"
#include <sys/mman.h>

#define WORDS (48 * 1024 / 8)
#define DEEPEST 20
#define MESSAGE 2500
#define MESSAGES 30

static unsigned long data[WORDS] = { 1 }, bss[WORDS];
static unsigned long *heap, *map, *grown, seed, mine;
static long grown_words;
static int *left;

static unsigned long next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned long sum(const unsigned long *words, long count)
{
    unsigned long result = 0;
    for (long i = 0; i < count; i++)
        result = result * 31 + words[i];
    return result;
}

static unsigned long sum_all(void)
{
    return sum(data, WORDS) ^ sum(bss, WORDS) * 3 ^ sum(heap, WORDS) * 5 ^ sum(map, WORDS) * 7 ^ (grown ? sum(grown, grown_words) * 11 : 0);
}

static void scribble(void)
{
    unsigned long *where[] = { data, bss, heap, map, grown };
    for (int i = 0; i < 40; i++) {
        int which = next() % (grown ? 5 : 4);
        where[which][next() % (which == 4 ? grown_words : WORDS)] = next();
    }
}

static void *mapped(void *place, size_t length)
{
    void *result = mmap(place, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (place ? MAP_FIXED : 0), -1, 0);
    must("mmap", result == MAP_FAILED ? -1 : 0);
    return result;
}

// Memory that grows, moves, goes and comes.
static void change_mappings(void)
{
    if (next() % 3 == 0) {
        long more = (1 + next() % 20) * 512;
        grown = realloc(grown, (grown_words + more) * sizeof *grown);
        must("realloc", grown ? 0 : -1);
        for (long i = 0; i < more; i++)
            grown[grown_words + i] = next();
        grown_words += more;
    }
    if (next() % 7 == 0) {
        unsigned long *old = map;
        map = mapped(NULL, sizeof data);
        memcpy(map, old, sizeof data);
        munmap(old, sizeof data);
    }
    if (next() % 9 == 0) {
        munmap((char *)map + 3 * 4096, 2 * 4096);
        mapped((char *)map + 3 * 4096, 2 * 4096);
    }
    if (next() % 5 == 0) {
        must("mprotect", mprotect((char *)map + 4096, 4096, PROT_READ));
        must("mprotect", mprotect((char *)map + 4096, 4096, PROT_READ | PROT_WRITE));
    }
}

static int live(int depth);

static int report(int to, int result)
{
    char message[MESSAGE];
    memset(message, result ? 'b' : 'g', sizeof message);
    for (int i = 0; i < MESSAGES; i++)
        if (write(to, message, sizeof message) != sizeof message)
            return 128;
    return result;
}

static int hear(int from)
{
    char bytes[4000];
    int bad = 0;
    long got = 0, count;
    while ((count = read(from, bytes, sizeof bytes)) > 0) {
        got += count;
        for (long i = 0; i < count; i++)
            bad |= bytes[i] != 'g';
    }
    close(from);
    return bad || got != MESSAGE * MESSAGES;
}

static int live(int depth)
{
    volatile unsigned long on_stack[400];
    for (int i = 0; i < 400; i++)
        on_stack[i] = seed + i;
    unsigned long first = seed;
    scribble();
    change_mappings();
    mine = sum_all();
    int children = 0, bad = 0, pipes[4], wanted = depth == 0 ? 4 : depth == DEEPEST ? 0 : next() % 4;
    pid_t pids[4];
    for (int i = 0; i < wanted && __atomic_sub_fetch(left, 1, __ATOMIC_SEQ_CST) >= 0; i++) {
        int ends[2];
        must("pipe", pipe(ends));
        pid_t child = must("fork", fork());
        if (child == 0) {
            close(ends[0]);
            seed = seed * 6364136223846793005UL + i * 977 + depth + 1;
            int wrong = mine == sum_all() ? 0 : 64;
            _exit(report(ends[1], live(depth + 1) | wrong));
        }
        close(ends[1]);
        pids[children] = child;
        pipes[children++] = ends[0];
        bad |= mine == sum_all() ? 0 : 1;
        if (next() & 1) {
            scribble();
            mine = sum_all();
        }
    }
    for (int i = 0; i < children; i++) {
        int status;
        bad |= hear(pipes[i]) ? 2 : 0;
        bad |= waitpid(pids[i], &status, 0) == pids[i] && status == 0 ? 0 : 4;
        bad |= mine == sum_all() ? 0 : 8;
    }
    for (int i = 0; i < 400; i++)
        bad |= on_stack[i] == first + i ? 0 : 16;
    return bad;
}

int main(int argc, char **argv)
{
    int processes = argc > 1 ? atoi(argv[1]) : 150, bad = 0;
    unsigned long start = argc > 2 ? strtoul(argv[2], NULL, 0) : 88172645463325252UL;
    heap = malloc(sizeof data);
    memset(heap, 3, sizeof data);
    map = mapped(NULL, sizeof data);
    left = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *left = processes;
    for (int round = 0; *left > 0 && !bad; round++) {
        seed = start + round;
        bad = live(0);
    }
    if (bad)
        printf("%d processes, seed %lu: %d\n", processes, start, bad);
    holds("all had their own memory", !bad);
    return broken;
}
