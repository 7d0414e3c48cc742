// Who called whom, seen from a signal handler: for programs that have a backtrace() of their own, which must come before.
static int called, found_function, found_caller;
static char *function_start, *function_end, *caller_start, *caller_end;

static void handler(int number, siginfo_t *info, void *context)
{
    void *frames[64];
    int count = backtrace(frames, 64);
    for (int i = 0; i < count; i++) {
        char *at = frames[i];
        found_function += at >= function_start && at < function_end;
        found_caller += at >= caller_start && at < caller_end;
    }
    called = 1;
    if (number == SIGILL)
        ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}

// Each in a section of its own, so that the linker says where it begins and ends.
#define IN(name) __attribute__((noinline, noclone, section("in_" #name)))
extern char __start_in_outer[], __stop_in_outer[], __start_in_with_fault[], __stop_in_with_fault[], __start_in_with_loop[], __stop_in_with_loop[];

IN(with_fault) static int with_fault(void)
{
    __asm__ volatile("ud2" ::: "memory");
    return !called;
}

IN(with_loop) static int with_loop(void)
{
    alarm(1);
    while (!*(volatile int *)&called)
        ;
    return 0;
}

IN(outer) static int outer(int (*inner)(void)) { return inner() + 1; }

static void look(const char *name, int (*inner)(void), char *start, char *stop)
{
    called = found_function = found_caller = 0;
    (function_start = start), (function_end = stop), (caller_start = __start_in_outer), (caller_end = __stop_in_outer);
    outer(inner);
    holds(name, called && found_function == 1 && found_caller == 1);
}

static void look_from_code(void)
{
    look("from a fault", with_fault, __start_in_with_fault, __stop_in_with_fault);
    look("from a loop", with_loop, __start_in_with_loop, __stop_in_with_loop);
}

static void handle(int signal)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    sigaction(signal, &action, NULL);
}
