using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>Sending signals: kill(2), tkill(2), rt_sigqueueinfo(2).</summary>
[SyscallFamily(SyscallClasses.Signal)]
internal static class SignalSendSyscalls
{
    [Syscall(62, "kill")]
    internal static SyscallResult Kill(GuestThread thread, int pid, Signal signal) =>
        Sender(thread).Kill(thread, pid, From(thread, signal, SigCode.SI_USER));

    [Syscall(200, "tkill")]
    internal static SyscallResult Tkill(GuestThread thread, int threadId, Signal signal) =>
        threadId <= 0 ? Errno.EINVAL : Sender(thread).KillThread(thread, 0, threadId, From(thread, signal, SigCode.SI_TKILL));

    [Syscall(234, "tgkill")]
    internal static SyscallResult Tgkill(GuestThread thread, int processId, int threadId, Signal signal) =>
        processId <= 0 || threadId <= 0 ? Errno.EINVAL : Sender(thread).KillThread(thread, processId, threadId, From(thread, signal, SigCode.SI_TKILL));

    [Syscall(129, "rt_sigqueueinfo")]
    internal static SyscallResult RtSigqueueinfo(GuestThread thread, int pid, Signal signal, UserPtr<Siginfo> info)
    {
        if (ReadInfo(thread, info, out var given) is not Errno.None and var error)
            return error;
        given.Signo = (int)signal;
        if (LooksLikeKernel(given) && pid != thread.Id)
            return Errno.EPERM;
        return pid <= 0 ? Errno.ESRCH : Sender(thread).Kill(thread, pid, given);
    }

    [Syscall(297, "rt_tgsigqueueinfo")]
    internal static SyscallResult RtTgsigqueueinfo(GuestThread thread, int processId, int threadId, Signal signal, UserPtr<Siginfo> info)
    {
        if (ReadInfo(thread, info, out var given) is not Errno.None and var error)
            return error;
        given.Signo = (int)signal;
        if (processId <= 0 || threadId <= 0)
            return Errno.EINVAL;
        if (LooksLikeKernel(given) && threadId != thread.Id)
            return Errno.EPERM;
        return Sender(thread).KillThread(thread, processId, threadId, given);
    }

    /// <summary>Linux: <c>__copy_siginfo_from_user</c>. What the kernel does not keep must say nothing, unless the code tells that it does not.</summary>
    internal static Errno ReadInfo(GuestThread thread, UserPtr<Siginfo> info, out Siginfo given)
    {
        if (thread.Memory.Read(info, out given) is not Errno.None and var error)
            return error;
        var rest = MemoryMarshal.AsBytes(new Span<Siginfo>(ref given))[Siginfo.KeptSize..];
        if (!given.IsKnownLayout && rest.ContainsAnyExcept((byte)0))
            return Errno.E2BIG;
        rest.Clear();
        return Errno.None;
    }

    /// <summary>Nobody may look like the kernel, or like kill(2) and tkill(2), to another.</summary>
    internal static bool LooksLikeKernel(in Siginfo info) => info.Code is >= SigCode.SI_USER or SigCode.SI_TKILL;

    private static SignalSender Sender(GuestThread thread) => new(thread.Process.Tasks);

    internal static Siginfo From(GuestThread thread, Signal signal, int code) => Siginfo.FromUser(signal, code, thread.Process.Id, thread.Credentials.Uid);
}
