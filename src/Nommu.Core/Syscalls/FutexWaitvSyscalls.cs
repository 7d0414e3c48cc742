using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>futex_waitv(2).</summary>
internal static class FutexWaitvSyscalls
{
    /// <summary>Linux: FUTEX_WAITV_MAX.</summary>
    private const uint Most = 128;

    /// <param name="thread">The caller.</param>
    /// <param name="waiters">An array.</param>
    /// <param name="count">1 to 128.</param>
    /// <param name="flags">None yet.</param>
    /// <param name="timeout">A time of the clock; null for ever.</param>
    /// <param name="clock">CLOCK_MONOTONIC or CLOCK_REALTIME; looked at where there is a time.</param>
    [Syscall(449, "futex_waitv")]
    internal static SyscallResult FutexWaitv(GuestThread thread, ulong waiters, uint count, uint flags, UserPtr<Timespec> timeout, ClockId clock)
    {
        if (flags != 0 || count is 0 or > Most || waiters == 0)
            return Errno.EINVAL;
        var deadline = FutexDeadline.Never;
        if (!timeout.IsNull)
        {
            if (clock is not (ClockId.CLOCK_REALTIME or ClockId.CLOCK_MONOTONIC))
                return Errno.EINVAL;
            var read = FutexSyscalls.Deadline(thread, FutexOperation.FUTEX_WAIT_BITSET, clock == ClockId.CLOCK_REALTIME ? FutexOperation.FUTEX_CLOCK_REALTIME : 0, timeout);
            if (!read.TryGet(out deadline))
                return read.Error;
        }
        var own = thread.FutexWaiters((int)count);
        Span<uint> expected = stackalloc uint[(int)count];
        var error = Prepare(thread, waiters, own, expected);
        return error == Errno.None ? thread.Machine.Futexes.WaitMany(thread, own, expected, deadline) : error;
    }

    /// <summary>Linux: <c>futex_parse_waitv</c>, and then the keys of all.</summary>
    private static Errno Prepare(GuestThread thread, ulong array, ReadOnlySpan<FutexWaiter> own, Span<uint> expected)
    {
        Span<FutexWaitv> given = stackalloc FutexWaitv[own.Length];
        for (var i = 0; i < given.Length; i++)
        {
            if (thread.Memory.Read(new UserPtr<FutexWaitv>(array + (ulong)(i * Abi.FutexWaitv.Size)), out given[i]) != Errno.None)
                return Errno.EFAULT;
            if (!given[i].IsValid)
                return Errno.EINVAL;
        }
        for (var i = 0; i < given.Length; i++)
        {
            var known = FutexTable.KeyOf(thread, given[i].Address, given[i].IsPrivate, forWriting: false);
            if (!known.TryGet(out var key))
                return known.Error;
            own[i].Prepare(key, given[i].Address, FutexTable.MatchAny);
            expected[i] = (uint)given[i].Value;
        }
        return Errno.None;
    }
}
