// Random mmap, munmap, mprotect, mremap, madvise, writes and other ends of the file that is mapped, in one piece of memory, after each of which all of it is looked at: a sum of what is seen, every so often. With arguments: a seed, a number of steps, and every step is told.
#include "memory.h"

enum { PAGES = 40, FILE_PAGES = 16 };
static char *base;
static int file, aloud;
static unsigned long state;
static unsigned sum;
// Pages with one number are one mapping on any Linux: they were made by one call, and all calls since had all or none of them.
static int number[PAGES], numbers;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state * 0x2545f4914f6cdd1dUL) >> 33) % below;
}

static void add(unsigned what) { sum = (sum ^ what) * 16777619u; }

static int result(long got) { return got == -1 ? errno : 0; }

static void renumber(int from, int count)
{
    for (int i = from; i < from + count;) {
        int old = number[i], fresh = ++numbers;
        for (; i < from + count && number[i] == old; i++)
            number[i] = old ? fresh : 0;
    }
}

static void made(int from, int count)
{
    numbers++;
    for (int i = from; i < from + count; i++)
        number[i] = numbers;
}

static void gone(int from, int count) { memset(number + from, 0, (size_t)count * sizeof *number); }

static int protection(void)
{
    static const int all[] = { RW, RW, RW, PROT_READ, PROT_READ, PROT_NONE, PROT_READ | PROT_EXEC };
    return all[draw(COUNT(all))];
}

static void scribble(volatile char *at, char what)
{
    if (!sigsetjmp(reach_back, 1))
        *at = what;
}

static void step(int number_of)
{
    int from = (int)draw(PAGES), count = 1 + (int)draw(8), what = (int)draw(11), got = 0;
    if (from + count > PAGES)
        count = PAGES - from;
    char *at = base + from * PAGE;
    size_t length = (size_t)count * PAGE;
    switch (what) {
    case 0: case 1: {
        int kind = (int)draw(4), access = protection();
        long offset = draw(FILE_PAGES) * PAGE;
        // A shared file that runs, or is written, is another program's affair.
        got = result(place(mmap(at, length, access, kind == 0 ? ANONYMOUS | MAP_FIXED : kind == 1 ? MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED : kind == 2 ? MAP_PRIVATE | MAP_FIXED : MAP_SHARED | MAP_FIXED,
            kind < 2 ? -1 : file, kind < 2 ? 0 : offset)));
        if (got == 0)
            made(from, count);
        break;
    }
    case 2:
        got = result(munmap(at, length));
        gone(from, count);
        break;
    case 3: case 4:
        got = result(mprotect(at, length, protection()));
        renumber(from, count);
        break;
    case 5:
        got = result(madvise(at, length, MADV_DONTNEED));
        break;
    case 6: case 7: {
        // Of one mapping, to anywhere in the room, where it does not lie on itself.
        int to = (int)draw(PAGES), longer = 1 + (int)draw(8), flags = (int)draw(3);
        // Which of two errors comes first where nothing is mapped differs between versions.
        if (number[from] == 0)
            return;
        for (int i = from; i < from + count; i++) {
            if (number[i] != number[from])
                count = i - from;
        }
        if (to + longer > PAGES || from + longer > PAGES)
            longer = 1;
        if (flags == 0) {
            got = result(place(mremap(base + from * PAGE, (size_t)count * PAGE, (size_t)longer * PAGE, 0)));
            if (got == 0 && longer < count)
                gone(from + longer, count - longer);
            if (got == 0 && longer > count) {
                for (int i = from + count; i < from + longer; i++)
                    number[i] = number[from];
            }
        } else {
            int stays = flags == 2;
            if (stays)
                longer = count;
            if (to + longer > PAGES)
                return;
            int overlaps = from < to + longer && to < from + count;
            got = result(place(mremap(base + from * PAGE, (size_t)count * PAGE, (size_t)longer * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | (stays ? 4 : 0), base + to * PAGE)));
            if (!overlaps)
                gone(to, longer);
            if (!overlaps && longer < count)
                gone(from + longer, count - longer);
            if (got == 0) {
                if (!stays)
                    gone(from, count);
                made(to, longer);
            }
        }
        break;
    }
    case 8:
        got = result(ftruncate(file, draw(FILE_PAGES + 4) * PAGE));
        break;
    default:
        for (int i = from; i < from + count; i++)
            scribble(base + i * PAGE + (int)draw(2) * 100, (char)('a' + draw(26)));
        got = 0;
    }
    add((unsigned)got);
    if (aloud)
        printf("%d: %d of %d pages from %d: %s\n", number_of, what, count, from, strerror(got));
}

static void look(void)
{
    for (volatile int i = 0; i < PAGES; i++) {
        int signal = sigsetjmp(reach_back, 1);
        if (signal)
            add((unsigned)signal);
        else
            add((unsigned)(base[i * PAGE] << 8 | base[i * PAGE + 100]));
    }
    for (int i = 0; i < FILE_PAGES; i++) {
        char seen = '-';
        must("pread", pread(file, &seen, 1, i * PAGE));
        add((unsigned)seen);
    }
    if (aloud) {
        show_letters("contents", base, PAGES);
        show_maps("maps", base, PAGES);
    }
}

static void sequence(unsigned long seed, int steps)
{
    state = seed * 0x9e3779b97f4a7c15UL + 1;
    sum = 2166136261u;
    put(base, PAGES, PROT_NONE);
    made(0, PAGES);
    must("ftruncate", ftruncate(file, FILE_PAGES * PAGE));
    for (char i = 0; i < FILE_PAGES; i++)
        must("pwrite", pwrite(file, (char[]) { (char)('A' + i) }, 1, i * PAGE));
    for (int i = 0; i < steps; i++) {
        step(i);
        look();
    }
    printf("seed %lu: %08x\n", seed, sum);
    show_maps("maps", base, PAGES);
}

int main(int argc, char **argv)
{
    catch_faults();
    scratch();
    file = must("open", open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    base = room(PAGES);
    if (argc > 2) {
        aloud = argc > 3;
        sequence(strtoul(argv[1], NULL, 10), atoi(argv[2]));
    } else {
        for (unsigned long seed = 1; seed <= 40; seed++)
            sequence(seed, 60);
    }
    leave();
    return broken;
}
