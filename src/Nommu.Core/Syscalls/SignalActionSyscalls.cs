using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>What a process does with signals: sigaction(2), sigaltstack(2), sigreturn(2).</summary>
[SyscallFamily(SyscallClasses.Signal)]
internal static class SignalActionSyscalls
{
    [Syscall(13, "rt_sigaction")]
    internal static SyscallResult RtSigaction(GuestThread thread, Signal signal, UserPtr<Sigaction> action, [Out] UserPtr<Sigaction> old, ulong setSize)
    {
        if (setSize != sizeof(ulong))
            return Errno.EINVAL;
        var wanted = default(Sigaction);
        if (!action.IsNull && thread.Memory.Read(action, out wanted) is not Errno.None and var error)
            return error;
        if (signal is < Signal.SIGHUP or > Signal.SIGRTMAX || (!action.IsNull && SigSet.Unblockable.Contains(signal)))
            return Errno.EINVAL;
        var previous = action.IsNull ? SignalHandling.Get(thread, signal) : SignalHandling.Set(thread, signal, wanted);
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous);
    }

    [Syscall(131, "sigaltstack")]
    internal static SyscallResult Sigaltstack(GuestThread thread, UserPtr<StackT> stack, [Out] UserPtr<StackT> old)
    {
        var wanted = default(StackT);
        if (!stack.IsNull && thread.Memory.Read(stack, out wanted) is not Errno.None and var error)
            return error;
        var sp = thread.Cpu.Registers.Rsp;
        var previous = AlternateStack.Describe(thread.Signals.AlternateStack, sp);
        if (!stack.IsNull && AlternateStack.Change(thread.Signals, wanted, sp) is not Errno.None and var refused)
            return refused;
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous);
    }

    [Syscall(15, "rt_sigreturn")]
    internal static SyscallResult RtSigreturn(GuestThread thread)
    {
        SignalReturn.Run(thread);
        return SyscallResult.NoReturn;
    }

    /// <summary>Never called by programs: the kernel makes it in place of a call that must not start from the beginning.</summary>
    [Syscall(219, "restart_syscall")]
    internal static SyscallResult RestartSyscall(GuestThread thread)
    {
        var restart = thread.Signals.RestartBlock;
        thread.Signals.RestartBlock = null;
        return restart is null ? Errno.EINTR : restart(thread);
    }
}
