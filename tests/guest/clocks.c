// Clocks: they go forward, agree with each other, and need no system call where there is a vDSO.
#include "guest.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

static volatile long sink;
static long ticks_used(void)
{
    struct tms used;
    times(&used);
    return used.tms_utime + used.tms_stime;
}

static long long raw(clockid_t clock)
{
    struct timespec time;
    return syscall(SYS_clock_gettime, clock, &time) ? -1 : time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void)
{
    const struct { const char *name; clockid_t id; } clocks[] = { { "REALTIME", 0 }, { "MONOTONIC", 1 }, { "PROCESS_CPUTIME_ID", 2 }, { "THREAD_CPUTIME_ID", 3 }, { "MONOTONIC_RAW", 4 },
        { "REALTIME_COARSE", 5 }, { "MONOTONIC_COARSE", 6 }, { "BOOTTIME", 7 }, { "TAI", 11 } };
    struct timespec time, resolution;
    for (size_t i = 0; i < COUNT(clocks); i++) {
        int got = clock_gettime(clocks[i].id, &time), fine = clock_getres(clocks[i].id, &resolution);
        printf("%s: %d, in its range %d, resolution %d %s\n", clocks[i].name, got, time.tv_nsec >= 0 && time.tv_nsec < 1000000000, fine,
            resolution.tv_sec == 0 && resolution.tv_nsec == 1 ? "1 ns" : resolution.tv_nsec > 0 ? "coarse" : "none");
        long long first = now(clocks[i].id), second = raw(clocks[i].id), third = now(clocks[i].id);
        holds("never backwards, by call or without", first <= second && second <= third);
    }
    value("no such clock", clock_gettime(99, &time));
    value("no such clock's resolution", clock_getres(99, &time));
    value("resolution without a place", syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));

    int backwards = 0;
    for (long long last = 0, this, i = 0; i < 100000; i++, last = this)
        backwards += (this = now(CLOCK_MONOTONIC)) < last;
    value("backwards", backwards);

    struct timeval day;
    long long real = now(CLOCK_REALTIME) / 1000;
    value("gettimeofday", gettimeofday(&day, NULL));
    long long difference = day.tv_sec * 1000000LL + day.tv_usec - real;
    holds("it is CLOCK_REALTIME", difference >= 0 && difference < 5000000);
    struct timezone zone = { 7, 7 };
    value("gettimeofday by call", syscall(SYS_gettimeofday, &day, &zone));
    holds("time", labs(syscall(SYS_time, NULL) - (long)day.tv_sec) < 5);
    time_t stored;
    holds("time stores", syscall(SYS_time, &stored) == stored);
    difference = now(CLOCK_REALTIME) - now(CLOCK_REALTIME_COARSE);
    holds("coarse is near", difference > -1000000000LL && difference < 1000000000LL);
    holds("boot time is not less than monotonic", now(CLOCK_BOOTTIME) + 1000000000LL >= now(CLOCK_MONOTONIC));
    holds("it is later than 2020", now(CLOCK_REALTIME) > 1577836800LL * 1000000000);

    // Time of the processor.
    long long cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    long long end = now(CLOCK_MONOTONIC) + 10000000000LL;
    while ((now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 20000000 || ticks_used() < 1) && now(CLOCK_MONOTONIC) < end)
        sink++;
    holds("spinning uses it", now(CLOCK_PROCESS_CPUTIME_ID) - cpu >= 20000000);
    cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    nap(60);
    holds("sleeping does not", now(CLOCK_PROCESS_CPUTIME_ID) - cpu < 30000000);
    holds("the thread's is the process's", now(CLOCK_THREAD_CPUTIME_ID) <= now(CLOCK_PROCESS_CPUTIME_ID) + 50000000);
    struct tms tms;
    clock_t ticks = times(&tms);
    holds("times", ticks > 0 && tms.tms_utime + tms.tms_stime >= 1 && tms.tms_cutime == 0);
    value("ticks in a second", sysconf(_SC_CLK_TCK));

    // The vDSO.
    unsigned char *vdso = (void *)getauxval(AT_SYSINFO_EHDR);
    if (holds("there is a vDSO", vdso != NULL)) {
        holds("it is an ELF", !memcmp(vdso, ELFMAG, SELFMAG));
        Elf64_Ehdr *header = (void *)vdso;
        printf("type %d machine %d\n", header->e_type, header->e_machine);
        Elf64_Phdr *segments = (void *)(vdso + header->e_phoff);
        int load = 0, dynamic = 0;
        for (int i = 0; i < header->e_phnum; i++) {
            load += segments[i].p_type == PT_LOAD;
            dynamic += segments[i].p_type == PT_DYNAMIC;
        }
        holds("it can be loaded and has symbols", load == 1 && dynamic == 1);
    }
    value("settime to nonsense", clock_settime(CLOCK_MONOTONIC, &time));
    return broken;
}
