using Nommu.Core.Abi;
using Nommu.Core.Fs.Polling;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>poll_select_set_timeout</c> and <c>poll_select_finish</c>: how long select and ppoll wait, and the rest of it that they write back.</summary>
internal readonly struct WaitTimeout
{
    private readonly ulong _address;
    private readonly bool _isTimeval;

    private WaitTimeout(ulong address, bool isTimeval, long deadline) => (_address, _isTimeval, Deadline) = (address, isTimeval, deadline);

    /// <summary>Monotonic nanoseconds.</summary>
    internal long Deadline { get; }

    internal static Result<WaitTimeout> Read(GuestThread thread, UserPtr<Timespec> pointer)
    {
        if (pointer.IsNull)
            return new WaitTimeout(0, false, MonotonicClock.Never);
        if (thread.Memory.Read(pointer, out var time) != Errno.None)
            return Errno.EFAULT;
        return time.IsValid ? new WaitTimeout(pointer.Address, false, After(thread, time)) : Errno.EINVAL;
    }

    /// <summary>A timeval: its microseconds may be a million and more.</summary>
    internal static Result<WaitTimeout> Read(GuestThread thread, UserPtr<Timeval> pointer)
    {
        if (pointer.IsNull)
            return new WaitTimeout(0, true, MonotonicClock.Never);
        if (thread.Memory.Read(pointer, out var given) != Errno.None)
            return Errno.EFAULT;
        var time = new Timespec(unchecked(given.Seconds + (given.Microseconds / 1_000_000)), given.Microseconds % 1_000_000 * 1000);
        return time.IsValid ? new WaitTimeout(pointer.Address, true, After(thread, time)) : Errno.EINVAL;
    }

    /// <summary>A deadline; <see cref="PollOperation.Immediately"/> for no time at all.</summary>
    internal static long After(GuestThread thread, Timespec time) =>
        time == default ? PollOperation.Immediately : MonotonicClock.After(thread.Fs.FileSystem.Clock, KernelClock.ToNanoseconds(time));

    /// <summary>The mask for one call (ppoll, pselect6, epoll_pwait), if one is given.</summary>
    internal static Errno SetMask(GuestThread thread, UserPtr<SigSet> mask, ulong size)
    {
        if (mask.IsNull)
            return Errno.None;
        if (size != sizeof(ulong))
            return Errno.EINVAL;
        if (thread.Memory.Read(mask, out var blocked) != Errno.None)
            return Errno.EFAULT;
        SignalMask.SetTemporary(thread, blocked);
        return Errno.None;
    }

    /// <summary>The call ends: puts the mask back and writes the time that is left. Where that can't be written the answer stands, only that the call can't be made again.</summary>
    internal SyscallResult Finish(GuestThread thread, Result<int> result)
    {
        SignalMask.EndTemporary(thread, result.Error == Errno.ERESTARTNOHAND);
        if (_address == 0 || Deadline == PollOperation.Immediately)
            return result;
        var left = Math.Max(0, Deadline - MonotonicClock.Now(thread.Fs.FileSystem.Clock));
        var error = _isTimeval
            ? thread.Memory.Write(new UserPtr<Timeval>(_address), Timeval.FromNanoseconds(left))
            : thread.Memory.Write(new UserPtr<Timespec>(_address), KernelClock.ToTimespec(left));
        return error != Errno.None && result.Error == Errno.ERESTARTNOHAND ? Errno.EINTR : result;
    }
}
