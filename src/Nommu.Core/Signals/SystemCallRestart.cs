using Nommu.Core.Abi;
using Nommu.Core.Execution;

namespace Nommu.Core.Signals;

/// <summary>Linux: the switch over restart codes in <c>handle_signal</c> and <c>arch_do_signal_or_restart</c> (signal(7), "Interruption of system calls").</summary>
/// <remarks>Differs: without a handler the kernel makes the call again itself rather than send the guest back to its instruction.</remarks>
internal static class SystemCallRestart
{
    /// <summary>Bytes of <c>syscall</c>.</summary>
    internal const ulong InstructionLength = 2;

    private const ulong RestartSyscall = 219;

    /// <summary>True for the codes that never reach a program.</summary>
    internal static bool IsRestartCode(long result) =>
        (Errno)(-result) is Errno.ERESTARTSYS or Errno.ERESTARTNOINTR or Errno.ERESTARTNOHAND or Errno.ERESTART_RESTARTBLOCK;

    /// <summary>A handler will run: the call fails with EINTR, or what the frame saves is the state before the call.</summary>
    /// <param name="registers">As the call left them.</param>
    /// <param name="call">The call's number, or negative.</param>
    /// <param name="flags">The handler's.</param>
    /// <returns>True where it starts again when the handler is done.</returns>
    internal static bool BeforeHandler(ref GuestRegisters registers, long call, SigactionFlags flags)
    {
        if (call < 0 || !IsRestartCode((long)registers.Rax))
            return false;
        var code = (Errno)(-(long)registers.Rax);
        if (code == Errno.ERESTARTNOINTR || (code == Errno.ERESTARTSYS && (flags & SigactionFlags.SA_RESTART) != 0))
        {
            registers.Rax = (ulong)call;
            registers.Rip -= InstructionLength;
            return true;
        }
        registers.Rax = unchecked((ulong)-(long)Errno.EINTR);
        return false;
    }

    /// <returns>True where rax now holds the number of a call to make.</returns>
    internal static bool WithoutHandler(ref GuestRegisters registers, long call)
    {
        if (call < 0 || !IsRestartCode((long)registers.Rax))
            return false;
        registers.Rax = (Errno)(-(long)registers.Rax) == Errno.ERESTART_RESTARTBLOCK ? RestartSyscall : (ulong)call;
        return true;
    }
}
