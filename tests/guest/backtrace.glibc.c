// Who called whom, seen from a signal handler that interrupted code, a system call, and a faulting instruction: the unwinder goes through the signal's frame.
#include "guest.h"
#include <execinfo.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include "backtrace.inc.c"

extern char __start_in_with_kill[], __stop_in_with_kill[];

IN(with_kill) static int with_kill(void) { return syscall(SYS_kill, getpid(), SIGUSR1) + !called; }

int main(void)
{
    handle(SIGUSR1);
    handle(SIGILL);
    handle(SIGALRM);
    look("from a system call", with_kill, __start_in_with_kill, __stop_in_with_kill);
    look_from_code();
    return broken;
}
