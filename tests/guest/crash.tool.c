// Dies in ways that a report or a debugger has to tell; the argument says how. A tool, since no program that ends well does so.
// flags: -g -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls -fno-inline
#include "guest.h"
#include <pthread.h>
#include <sys/syscall.h>

volatile int counter = 41;
int *volatile nowhere = NULL;

__attribute__((noinline)) int write_nowhere(int value)
{
    *nowhere = value;
    return value + 1;
}

__attribute__((noinline)) int middle(int depth)
{
    return depth > 0 ? middle(depth - 1) + 1 : write_nowhere(depth) + 1;
}

static void handler(int signal)
{
    (void)signal;
    middle(1);
}

static void *work(void *argument)
{
    static char name[] = "worker";
    (void)argument;
    write(2, name, 0);
    middle(0);
    return NULL;
}

__attribute__((noinline)) int add(int by)
{
    counter += by;
    return counter;
}

int main(int count, char **arguments)
{
    const char *how = count > 1 ? arguments[1] : "count";
    static char number[8] = "one\n";
    close(77);
    write(1, number, 4);
    if (!strcmp(how, "segv"))
        return middle(2) + 1;
    if (!strcmp(how, "null"))
        ((void (*)(void))nowhere)();
    if (!strcmp(how, "abort"))
        abort();
    if (!strcmp(how, "trap"))
        __asm__ volatile("ud2");
    if (!strcmp(how, "handler")) {
        signal(SIGUSR1, handler);
        raise(SIGUSR1);
    }
    if (!strcmp(how, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, NULL);
        pthread_join(thread, NULL);
    }
    if (!strcmp(how, "vfork")) {
        pid_t child = vfork();
        if (child == 0) {
            add(0);
            _exit(0);
        }
        outcome("child", child);
    }
    if (!strcmp(how, "exec"))
        execl("/proc/self/exe", "crash", "count", NULL);
    if (!strcmp(how, "read"))
        read(0, &number[4], 1);
    if (!strcmp(how, "spin"))
        while (counter == 41)
            ;
    for (int i = 1; i <= 3; i++)
        printf("%d\n", add(i));
    return 7;
}
