// The first thread of a process ends and the others go on: whose status it is in the end, and another program from a thread that is not the first.
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>

static char program[512]; // /proc/self/exe is gone with the first thread
static volatile int first = 1;

static void *goes_on(void *argument)
{
    // Cleared where the first thread is done with its memory.
    while (first)
        sched_yield();
    printf("the first thread is gone, the process gets signals: %d\n", kill(getpid(), 0));
    switch (*(char *)argument) {
    case 'l':
        syscall(SYS_exit, 9);
        break;
    case 'a':
        syscall(SYS_exit_group, 17);
        break;
    default:
        execl(program, "guest", "executed", (char *)0);
    }
    return NULL;
}

static int role(char *name)
{
    pthread_t thread;
    if (!strcmp(name, "executed"))
        return syscall(SYS_gettid) == getpid() ? 11 : 12;
    pthread_create(&thread, NULL, goes_on, name);
    syscall(SYS_set_tid_address, &first);
    syscall(SYS_exit, 5);
    return 99;
}

int main(int argc, char **argv)
{
    must("readlink", readlink("/proc/self/exe", program, sizeof program - 1));
    if (argc > 1)
        return role(argv[1]);
    outcome("the last thread ends", START("last"));
    outcome("another ends all", START("all"));
    outcome("another executes a program", START("program"));
    return broken;
}
