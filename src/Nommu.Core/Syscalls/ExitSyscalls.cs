using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>exit(2) of a thread, and exit_group(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class ExitSyscalls
{
    [Syscall(60, "exit")]
    [return: ShownBy(nameof(TraceWriter.NoResult))]
    internal static SyscallResult Exit(GuestThread thread, int code)
    {
        thread.BeginExit(code);
        return Errno.None;
    }

    [Syscall(231, "exit_group")]
    [return: ShownBy(nameof(TraceWriter.NoResult))]
    internal static SyscallResult ExitGroup(GuestThread thread, int code)
    {
        new SignalSender(thread.Process.Tasks).BeginGroupExit(thread.Process, WaitStatus.Exited(code));
        return Errno.None;
    }
}
