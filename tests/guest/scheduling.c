// What threads ask of the scheduler: policies, priorities, processors; each thread for itself, as root and as somebody else.
#include "clone.inc.c"
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#define NOBODY 0x3ffffff0

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
    uint64_t more[2];
};

static volatile pid_t tid;
static volatile int stop;

static void *sleeper(void *argument)
{
    tid = (pid_t)syscall(SYS_gettid);
    while (!stop)
        sched_yield();
    return NULL;
}

// musl refuses these by itself.
static long set_scheduler(pid_t pid, int policy, int priority)
{
    return syscall(SYS_sched_setscheduler, pid, policy, &priority);
}

static long set_param(pid_t pid, int priority)
{
    return syscall(SYS_sched_setparam, pid, &priority);
}

static long get_attributes(pid_t pid, struct attributes *attributes, unsigned size, unsigned flags)
{
    return syscall(SYS_sched_getattr, pid, attributes, size, flags);
}

static long set_attributes(pid_t pid, struct attributes *attributes, unsigned flags)
{
    return syscall(SYS_sched_setattr, pid, attributes, flags);
}

static void show(const char *what, pid_t pid)
{
    int priority = -1;
    struct attributes attributes = { 0 };
    long policy = syscall(SYS_sched_getscheduler, pid);
    syscall(SYS_sched_getparam, pid, &priority);
    must("sched_getattr", get_attributes(pid, &attributes, 48, 0));
    printf("%s: policy %lx, priority %d; policy %u, flags %lx, nice %d, priority %u; %ld\n", what, policy, priority, attributes.policy, attributes.flags, attributes.nice, attributes.priority,
        syscall(SYS_getpriority, PRIO_PROCESS, pid));
}

static void ranges(void)
{
    for (int policy = -1; policy < 9; policy++)
        printf("policy %d: %ld to %ld\n", policy, syscall(SYS_sched_get_priority_min, policy), syscall(SYS_sched_get_priority_max, policy));
}

static void policies(void)
{
    value("sched_yield", sched_yield());
    show("at first", 0);
    value("no process", set_scheduler(NOBODY, SCHED_OTHER, 0));
    value("a negative process", set_scheduler(-1, SCHED_OTHER, 0));
    value("no such policy", set_scheduler(0, 99, 0));
    value("a negative policy", set_scheduler(0, -1, 0));
    value("policy 4", set_scheduler(0, 4, 0));
    value("the deadline policy this way", set_scheduler(0, 6, 0));
    value("a priority where there is none", set_scheduler(0, SCHED_OTHER, 1));
    value("a negative priority", set_scheduler(0, SCHED_OTHER, -1));
    value("no priority", set_scheduler(0, SCHED_FIFO, 0));
    value("too high a priority", set_scheduler(0, SCHED_FIFO, 100));
    value("from nowhere", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 8));
    value("from null", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, 0));
    value("parameter from null", syscall(SYS_sched_setparam, 0, 0));
    value("parameter to null", syscall(SYS_sched_getparam, 0, 0));
    value("parameter nowhere", syscall(SYS_sched_getparam, 0, 8));
    value("parameter of a negative process", syscall(SYS_sched_getparam, -1, &stop));
    value("parameter of no process", syscall(SYS_sched_getparam, NOBODY, &stop));
    value("policy of a negative process", syscall(SYS_sched_getscheduler, -1));
    value("policy of no process", syscall(SYS_sched_getscheduler, NOBODY));
    value("batch", set_scheduler(0, SCHED_BATCH, 0));
    show("batch", 0);
    value("idle", set_scheduler(0, SCHED_IDLE, 0));
    show("idle", 0);
    value("other", set_scheduler(0, SCHED_OTHER, 0));
    value("a wrong parameter", set_param(0, 3));
    value("reset on fork", set_scheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
    show("reset on fork", 0);
}

static void real_time(void)
{
    struct timespec slice = { -1, -1 };
    value("round robin", set_scheduler(0, SCHED_RR, 5));
    show("round robin", 0);
    value("its slice", syscall(SYS_sched_rr_get_interval, 0, &slice));
    printf("slice %ld.%09ld\n", (long)slice.tv_sec, slice.tv_nsec);
    value("another parameter", set_param(0, 9));
    value("not that", set_param(0, 0));
    value("first in, first out", set_scheduler(0, SCHED_FIFO, 7));
    value("its slice", syscall(SYS_sched_rr_get_interval, 0, &slice));
    printf("slice %ld.%09ld\n", (long)slice.tv_sec, slice.tv_nsec);
    show("first in, first out", 0);
    value("nice is not lost", setpriority(PRIO_PROCESS, 0, 3));
    show("with nice 3", 0);
    value("other again", set_scheduler(0, SCHED_OTHER, 0));
    show("other again", 0);
    value("slice of a negative process", syscall(SYS_sched_rr_get_interval, -1, &slice));
    value("slice of no process", syscall(SYS_sched_rr_get_interval, NOBODY, &slice));
    value("slice nowhere", syscall(SYS_sched_rr_get_interval, 0, 8));
    value("nice 0", setpriority(PRIO_PROCESS, 0, 0));
}

static void attributes(void)
{
    struct attributes set = { .size = 48, .policy = SCHED_BATCH, .nice = 4 }, got;
    value("set", set_attributes(0, &set, 0));
    show("batch, nice 4", 0);
    value("with a flag", set_attributes(0, &set, 1));
    value("null", set_attributes(0, NULL, 0));
    value("nowhere", set_attributes(0, (void *)8, 0));
    value("of a negative process", set_attributes(-1, &set, 0));
    value("of no process", set_attributes(NOBODY, &set, 0));
    set.size = 47;
    value("too small", set_attributes(0, &set, 0));
    printf("size should be %u\n", set.size);
    set.size = 0;
    value("of size 0, which is the first", set_attributes(0, &set, 0));
    set.size = sizeof set;
    value("larger, with nothing in it", set_attributes(0, &set, 0));
    set.more[1] = 1;
    value("larger, with something in it", set_attributes(0, &set, 0));
    printf("size should be %u\n", set.size);
    set = (struct attributes) { .size = 4097 };
    value("too large", set_attributes(0, &set, 0));
    set = (struct attributes) { .size = 48, .policy = SCHED_OTHER, .nice = 100 };
    value("nicer than can be", set_attributes(0, &set, 0));
    show("as nice as can be", 0);
    set.nice = 0;
    set.policy = 77;
    value("no such policy", set_attributes(0, &set, 0));
    set.policy = -1;
    value("a negative policy", set_attributes(0, &set, 0));
    set.policy = SCHED_OTHER;
    set.flags = 0x80;
    value("no such flag", set_attributes(0, &set, 0));
    set.flags = 1;
    value("reset on fork", set_attributes(0, &set, 0));
    show("reset on fork", 0);
    set.policy = SCHED_BATCH;
    set.flags = 8;
    value("keep the policy", set_attributes(0, &set, 0));
    show("policy kept", 0);
    set.policy = SCHED_BATCH;
    set.flags = 0x10;
    set.nice = 9;
    value("keep the parameters", set_attributes(0, &set, 0));
    show("parameters kept", 0);
    set = (struct attributes) { .size = 48, .policy = SCHED_FIFO, .priority = 200 };
    value("too high a priority", set_attributes(0, &set, 0));
    set = (struct attributes) { .size = 48, .policy = SCHED_OTHER, .priority = 1 };
    value("a priority where there is none", set_attributes(0, &set, 0));
    value("get with flags", get_attributes(0, &got, sizeof got, 1));
    value("get too little", get_attributes(0, &got, 47, 0));
    value("get too much", get_attributes(0, &got, 4097, 0));
    value("get to null", get_attributes(0, NULL, 48, 0));
    value("get of a negative process", get_attributes(-1, &got, 48, 0));
    value("get of no process", get_attributes(NOBODY, &got, 48, 0));
    memset(&got, 0xff, sizeof got);
    value("get more", get_attributes(0, &got, sizeof got, 0));
    printf("after what is known: %lx %lx, size %s\n", got.more[0], got.more[1], got.size >= 48 && got.size <= 56 ? "known" : "NO");
    set = (struct attributes) { .size = 48, .policy = SCHED_OTHER };
    value("set back", set_attributes(0, &set, 0));
}

static void of_threads(void)
{
    pthread_t thread;
    setpriority(PRIO_PROCESS, 0, 2);
    set_scheduler(0, SCHED_BATCH, 0);
    tid = stop = 0;
    pthread_create(&thread, NULL, sleeper, NULL);
    while (!tid)
        sched_yield();
    show("a thread has its maker's", tid);
    value("its own nice", setpriority(PRIO_PROCESS, tid, 8));
    value("its own policy", set_scheduler(tid, SCHED_IDLE, 0));
    show("the thread", tid);
    show("its maker", 0);
    value("the best of the process's group", getpriority(PRIO_PGRP, 0));
    stop = 1;
    pthread_join(thread, NULL);
    set_scheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0);
    setpriority(PRIO_PROCESS, 0, -5);
    tid = stop = 0;
    pthread_create(&thread, NULL, sleeper, NULL);
    while (!tid)
        sched_yield();
    show("after reset on fork", tid);
    stop = 1;
    pthread_join(thread, NULL);
    set_scheduler(0, SCHED_OTHER, 0);
    setpriority(PRIO_PROCESS, 0, 0);
}

static void priorities(void)
{
    value("of what", syscall(SYS_getpriority, 3, 0));
    value("of less than anything", syscall(SYS_getpriority, -1, 0));
    value("set of what", setpriority(3, 0, 0));
    value("of no process", syscall(SYS_getpriority, PRIO_PROCESS, NOBODY));
    value("of no group", syscall(SYS_getpriority, PRIO_PGRP, NOBODY));
    value("of no user", syscall(SYS_getpriority, PRIO_USER, NOBODY));
    value("set of no process", setpriority(PRIO_PROCESS, NOBODY, 0));
    value("set of no user", setpriority(PRIO_USER, NOBODY, 0));
    value("nicest", setpriority(PRIO_PROCESS, 0, 1000));
    value("is", syscall(SYS_getpriority, PRIO_PROCESS, 0));
    value("least nice", setpriority(PRIO_PROCESS, 0, -1000));
    value("is", syscall(SYS_getpriority, PRIO_PROCESS, 0));
    value("as at first", setpriority(PRIO_PROCESS, 0, 0));
}

static void input_output(void)
{
    value("I/O priority of what", syscall(SYS_ioprio_get, 0, 0));
    value("of no process", syscall(SYS_ioprio_get, 1, NOBODY));
    value("of no group", syscall(SYS_ioprio_get, 2, NOBODY));
    value("of no user", syscall(SYS_ioprio_get, 3, NOBODY));
    value("of ourselves", syscall(SYS_ioprio_get, 1, 0));
    value("set what", syscall(SYS_ioprio_set, 4, 0, 2 << 13 | 3));
    value("no such class", syscall(SYS_ioprio_set, 1, 0, 4 << 13));
    value("no such level", syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 8));
    value("a level of no class", syscall(SYS_ioprio_set, 1, 0, 3));
    value("of no process", syscall(SYS_ioprio_set, 1, NOBODY, 2 << 13 | 3));
    value("best effort", syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
    value("is", syscall(SYS_ioprio_get, 1, 0));
    value("idle", syscall(SYS_ioprio_set, 1, 0, 3 << 13));
    value("is", syscall(SYS_ioprio_get, 1, 0));
    value("real time", syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 1));
    value("none", syscall(SYS_ioprio_set, 1, 0, 0));
    value("is", syscall(SYS_ioprio_get, 1, 0));
}

static void processors(void)
{
    uint64_t mask[16], all[16];
    memset(all, 0, sizeof all);
    long size = must("sched_getaffinity", syscall(SYS_sched_getaffinity, 0, sizeof all, all));
    holds("the kernel's mask is of whole words", size % 8 == 0);
    value("too small a mask", syscall(SYS_sched_getaffinity, 0, 0, mask));
    value("not of words", syscall(SYS_sched_getaffinity, 0, 12, mask));
    value("nowhere", syscall(SYS_sched_getaffinity, 0, 128, 8));
    value("of no process", syscall(SYS_sched_getaffinity, NOBODY, 128, mask));
    value("of a negative process", syscall(SYS_sched_getaffinity, -1, 128, mask));
    memset(mask, 0, sizeof mask);
    value("no processor", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask));
    value("no mask at all", syscall(SYS_sched_setaffinity, 0, 0, mask));
    mask[15] = 1UL << 63;
    value("none that is there", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask));
    value("from nowhere", syscall(SYS_sched_setaffinity, 0, 128, 8));
    value("of no process", syscall(SYS_sched_setaffinity, NOBODY, 128, all));
    int last = -1;
    for (int i = 0; i < 1024; i++)
        if (all[i / 64] >> i % 64 & 1)
            last = i;
    memset(mask, 0, sizeof mask);
    mask[last / 64] = 1UL << last % 64;
    value("the last one", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask));
    unsigned processor = -1, node = -1;
    value("getcpu", syscall(SYS_getcpu, &processor, &node, NULL));
    holds("it is that", (int)processor == last);
    value("getcpu of nothing", syscall(SYS_getcpu, NULL, NULL, NULL));
    value("getcpu nowhere", syscall(SYS_getcpu, 8, NULL, NULL));
    pthread_t thread;
    tid = stop = 0;
    pthread_create(&thread, NULL, sleeper, NULL);
    while (!tid)
        sched_yield();
    uint64_t inherited[16] = { 0 };
    syscall(SYS_sched_getaffinity, tid, sizeof inherited, inherited);
    holds("a thread has its maker's", !memcmp(inherited, mask, sizeof mask));
    value("all for the thread", syscall(SYS_sched_setaffinity, tid, sizeof all, all));
    memset(inherited, 0, sizeof inherited);
    syscall(SYS_sched_getaffinity, 0, sizeof inherited, inherited);
    holds("not for its maker", !memcmp(inherited, mask, sizeof mask));
    stop = 1;
    pthread_join(thread, NULL);
    value("all again", syscall(SYS_sched_setaffinity, 0, sizeof all, all));
}

static int others(pid_t parent)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_NICE, &none);
    setrlimit(RLIMIT_RTPRIO, &none);
    must("setresuid", setresuid(1000, 1000, 1000));
    uint64_t mask[16] = { 1 };
    struct attributes set = { .size = 48, .policy = SCHED_OTHER, .nice = -1 };
    value("another's policy", syscall(SYS_sched_getscheduler, parent));
    value("set it", set_scheduler(parent, SCHED_BATCH, 0));
    value("another's nice", setpriority(PRIO_PROCESS, parent, 5));
    value("another's I/O priority", syscall(SYS_ioprio_set, 1, parent, 2 << 13 | 3));
    value("another's processors", syscall(SYS_sched_setaffinity, parent, sizeof mask, mask));
    value("less nice", setpriority(PRIO_PROCESS, 0, -1));
    value("by attributes", set_attributes(0, &set, 0));
    value("nicer", setpriority(PRIO_PROCESS, 0, 5));
    value("and back", setpriority(PRIO_PROCESS, 0, 4));
    value("real time", set_scheduler(0, SCHED_FIFO, 1));
    value("idle", set_scheduler(0, SCHED_IDLE, 0));
    value("out of idle", set_scheduler(0, SCHED_OTHER, 0));
    value("batch", set_scheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, 0));
    value("without reset on fork", set_scheduler(0, SCHED_BATCH, 0));
    value("real time I/O", syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 1));
    value("idle I/O", syscall(SYS_ioprio_set, 1, 0, 3 << 13));
    show("at last", 0);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return others(atoi(argv[2]));
    skip_unless(geteuid() == 0, "root");
    ranges();
    policies();
    real_time();
    attributes();
    of_threads();
    priorities();
    input_output();
    processors();
    char number[16];
    snprintf(number, sizeof number, "%d", (int)getpid());
    outcome("somebody else", START("others", number));
    return broken;
}
