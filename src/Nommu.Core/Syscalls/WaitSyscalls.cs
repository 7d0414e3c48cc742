using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>wait4(2) and waitid(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class WaitSyscalls
{
    private const WaitOptions Common = WaitOptions.WNOHANG | WaitOptions.WSTOPPED | WaitOptions.WCONTINUED;
    private const WaitOptions Kinds = WaitOptions.__WALL | WaitOptions.__WCLONE | WaitOptions.__WNOTHREAD;

    [Syscall(61, "wait4")]
    internal static SyscallResult Wait4(GuestThread thread, int pid, [Out, ShownBy(nameof(TraceWriter.WaitStatus))] UserPtr<int> status, WaitOptions options, [Out] UserPtr<Rusage> usage)
    {
        if ((options & ~(Common | Kinds)) != 0)
            return Errno.EINVAL;
        if (pid == int.MinValue)
            return Errno.ESRCH;
        var target = pid switch
        {
            > 0 => new WaitTarget(pid, 0),
            -1 => default,
            0 => new WaitTarget(0, thread.Process.Group.Id),
            _ => new WaitTarget(0, -pid),
        };
        var found = thread.WaitForChild(target, (options & (Common | Kinds)) | WaitOptions.WEXITED);
        if (!found.TryGet(out var finding))
            return found.Error;
        if (finding.Pid == 0)
            return 0;
        if (!status.IsNull && thread.Memory.Write(status, finding.Status.Value) is not Errno.None and var error)
            return error;
        if (!usage.IsNull && thread.Memory.Write(usage, finding.Usage) is not Errno.None and var unwritable)
            return unwritable;
        return finding.Pid;
    }

    [Syscall(247, "waitid")]
    internal static SyscallResult Waitid(GuestThread thread, WaitIdType type, int id, [Out] UserPtr<Siginfo> info, WaitOptions options, [Out] UserPtr<Rusage> usage)
    {
        const WaitOptions Events = WaitOptions.WEXITED | WaitOptions.WSTOPPED | WaitOptions.WCONTINUED;
        if ((options & ~(Common | WaitOptions.WEXITED | WaitOptions.WNOWAIT | Kinds)) != 0 || (options & Events) == 0)
            return Errno.EINVAL;
        WaitTarget target;
        var mustNotWait = false;
        switch (type)
        {
            case WaitIdType.P_ALL:
                target = default;
                break;
            case WaitIdType.P_PID when id > 0:
                target = new WaitTarget(id, 0);
                break;
            case WaitIdType.P_PGID when id >= 0:
                target = new WaitTarget(0, id == 0 ? thread.Process.Group.Id : id);
                break;
            case WaitIdType.P_PIDFD when id >= 0:
                var meant = PidfdSyscalls.Find(thread, id, out var isNonblocking);
                if (!meant.TryGet(out var pid))
                    return meant.Error;
                if (pid.Thread is not null)
                    return Errno.ECHILD;
                mustNotWait = isNonblocking && (options & WaitOptions.WNOHANG) == 0;
                target = new WaitTarget(0, 0, pid.Process);
                break;
            default:
                return Errno.EINVAL;
        }
        var found = thread.WaitForChild(target, options | (mustNotWait ? WaitOptions.WNOHANG : 0));
        if (!found.TryGet(out var finding))
            return found.Error;
        if (mustNotWait && finding.Pid == 0)
            return Errno.EAGAIN;
        var report = finding.Pid == 0
            ? default
            : new Siginfo { Signo = (int)Signal.SIGCHLD, Code = finding.Status.ChildCode, Pid = finding.Pid, Uid = finding.Uid, Status = finding.Status.ChildStatus };
        if (!info.IsNull && WriteReport(thread, info, report) is not Errno.None and var error)
            return error;
        return usage.IsNull || finding.Pid == 0 ? Errno.None : thread.Memory.Write(usage, finding.Usage);
    }

    /// <summary>The six members that waitid(2) fills, and nothing between or behind them.</summary>
    private static Errno WriteReport(GuestThread thread, UserPtr<Siginfo> info, in Siginfo report)
    {
        const int EndOfCode = 12, Pid = 16, EndOfStatus = 28;
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<Siginfo>(in report));
        var error = thread.Memory.Write(info.Address, bytes[..EndOfCode]);
        return error == Errno.None ? thread.Memory.Write(info.Address + Pid, bytes[Pid..EndOfStatus]) : error;
    }
}
