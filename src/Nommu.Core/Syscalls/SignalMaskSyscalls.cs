using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>What a thread blocks and waits for: sigprocmask(2), sigpending(2), sigsuspend(2), pause(2), sigtimedwait(2).</summary>
[SyscallFamily(SyscallClasses.Signal)]
internal static class SignalMaskSyscalls
{
    private const int SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2;

    [Syscall(14, "rt_sigprocmask")]
    internal static SyscallResult RtSigprocmask(GuestThread thread, [ShownAs(typeof(SigprocmaskHow))] int how, UserPtr<SigSet> set, [Out] UserPtr<SigSet> old, ulong setSize)
    {
        if (setSize != sizeof(ulong))
            return Errno.EINVAL;
        var previous = thread.Signals.Blocked;
        if (!set.IsNull)
        {
            if (thread.Memory.Read(set, out var given) is not Errno.None and var error)
                return error;
            if (how is < SIG_BLOCK or > SIG_SETMASK)
                return Errno.EINVAL;
            SignalMask.Set(thread, how == SIG_BLOCK ? previous | given : how == SIG_UNBLOCK ? previous & ~given : given);
        }
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous);
    }

    [Syscall(127, "rt_sigpending")]
    internal static SyscallResult RtSigpending(GuestThread thread, [Out] UserPtr<byte> set, ulong setSize)
    {
        if (setSize > sizeof(ulong))
            return Errno.EINVAL;
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BitConverter.TryWriteBytes(bytes, SignalWait.Blocked(thread).Bits);
        return thread.Memory.Write(set.Address, bytes[..(int)setSize]);
    }

    [Syscall(130, "rt_sigsuspend")]
    internal static SyscallResult RtSigsuspend(GuestThread thread, UserPtr<SigSet> set, ulong setSize)
    {
        if (setSize != sizeof(ulong))
            return Errno.EINVAL;
        if (thread.Memory.Read(set, out var mask) is not Errno.None and var error)
            return error;
        SignalMask.SetTemporary(thread, mask);
        SignalWait.ForAny(thread);
        SignalMask.EndTemporary(thread, interrupted: true);
        return Errno.ERESTARTNOHAND;
    }

    [Syscall(34, "pause")]
    internal static SyscallResult Pause(GuestThread thread)
    {
        SignalWait.ForAny(thread);
        return Errno.ERESTARTNOHAND;
    }

    [Syscall(128, "rt_sigtimedwait")]
    internal static SyscallResult RtSigtimedwait(GuestThread thread, UserPtr<SigSet> set, [Out] UserPtr<Siginfo> info, UserPtr<Timespec> timeout, ulong setSize)
    {
        if (setSize != sizeof(ulong))
            return Errno.EINVAL;
        if (thread.Memory.Read(set, out var wanted) is not Errno.None and var error)
            return error;
        var limit = default(Timespec);
        if (!timeout.IsNull)
        {
            if (thread.Memory.Read(timeout, out limit) is not Errno.None and var unreadable)
                return unreadable;
            if (!limit.IsValid)
                return Errno.EINVAL;
        }
        var result = SignalWait.For(thread, wanted, timeout.IsNull ? null : limit);
        if (!result.TryGet(out var taken))
            return result.Error;
        if (!info.IsNull && thread.Memory.Write(info, taken) is not Errno.None and var unwritable)
            return unwritable;
        return taken.Signo;
    }
}
