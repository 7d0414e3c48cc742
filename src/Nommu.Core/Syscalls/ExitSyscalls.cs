using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Syscalls;

/// <summary>exit(2) of a thread, and exit_group(2).</summary>
internal static class ExitSyscalls
{
    [Syscall(60, "exit")]
    internal static SyscallResult Exit(GuestThread thread, int code)
    {
        thread.BeginExit(code);
        return Errno.None;
    }

    [Syscall(231, "exit_group")]
    internal static SyscallResult ExitGroup(GuestThread thread, int code)
    {
        new SignalSender(thread.Process.Tasks).BeginGroupExit(thread.Process, WaitStatus.Exited(code));
        return Errno.None;
    }
}
