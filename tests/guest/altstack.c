// A stack for handlers of their own.
#include "guest.h"
#include <sys/syscall.h>

static char stack[65536] __attribute__((aligned(16)));
static int inside, flags, change;

static int on_it(void *address) { return (char *)address >= stack && (char *)address < stack + sizeof stack; }

static void handler(int signal)
{
    int local;
    stack_t now_in_use;
    inside = on_it(&local);
    sigaltstack(NULL, &now_in_use);
    flags = now_in_use.ss_flags;
    stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };
    change = sigaltstack(&other, NULL) ? errno : 0;
}

static int nested_inside[3], nested;
static void nesting(int signal)
{
    int local;
    nested_inside[nested++] = on_it(&local);
    if (nested < 3)
        raise(signal);
}

static void show(const char *what)
{
    printf("%s: on the stack %d, flags %d, changing it: %s\n", what, inside, flags, change ? strerror(change) : "done");
}

int main(int argc, char **argv)
{
    stack_t old, new = { .ss_sp = stack, .ss_size = sizeof stack };
    if (argc > 1) {
        sigaltstack(NULL, &old);
        printf("after execve: flags %d\n", old.ss_flags);
        return 0;
    }
    struct sigaction action = { .sa_handler = handler };
    value("ask", sigaltstack(NULL, &old));
    printf("none: flags %d size %zu\n", old.ss_flags, old.ss_size);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("without one");
    sigaltstack(&(stack_t) { .ss_flags = SS_DISABLE }, NULL);
    value("set", sigaltstack(&new, &old));
    raise(SIGUSR1);
    show("without SA_ONSTACK");
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("with SA_ONSTACK");
    sigaltstack(NULL, &old);
    printf("set: flags %d size %zu same %d\n", old.ss_flags, old.ss_size, old.ss_sp == stack);

    action.sa_handler = nesting;
    action.sa_flags = SA_ONSTACK | SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    printf("nested: %d %d %d\n", nested_inside[0], nested_inside[1], nested_inside[2]);

    value("too small", syscall(SYS_sigaltstack, &(stack_t) { .ss_sp = stack, .ss_size = 100 }, NULL));
    value("unknown flag", sigaltstack(&(stack_t) { .ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 8 }, NULL));
    value("bad pointer", syscall(SYS_sigaltstack, 8, NULL));
    outcome("a program does not inherit it", START("show"));
    value("off", sigaltstack(&(stack_t) { .ss_flags = SS_DISABLE }, &old));
    sigaltstack(NULL, &old);
    printf("off: flags %d\n", old.ss_flags);
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("SA_ONSTACK without one");
    return broken;
}
