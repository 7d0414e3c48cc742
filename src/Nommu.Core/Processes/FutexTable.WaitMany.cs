using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>futex_wait_multiple</c>.</summary>
internal sealed partial class FutexTable
{
    /// <summary>Sleeps until one of several futexes wakes the thread.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="waiters">Prepared.</param>
    /// <param name="expected">What their words must be.</param>
    /// <param name="deadline">Until when.</param>
    /// <returns>Which one it was, the last of those that did; EAGAIN, ETIMEDOUT, ERESTARTSYS, EFAULT.</returns>
    internal Result<int> WaitMany(GuestThread thread, ReadOnlySpan<FutexWaiter> waiters, ReadOnlySpan<uint> expected, FutexDeadline deadline)
    {
        var error = Errno.None;
        var joined = 0;
        while (joined < waiters.Length && error == Errno.None)
        {
            error = Enqueue(waiters[joined], expected[joined]);
            if (error == Errno.None)
                joined++;
        }
        if (error == Errno.None)
            error = SleepForAny(thread, waiters, deadline);
        var woken = -1;
        for (var i = 0; i < joined; i++)
        {
            if (!Leave(waiters[i]))
                woken = i;
        }
        return woken >= 0 ? woken : error;
    }

    private static Errno SleepForAny(GuestThread thread, ReadOnlySpan<FutexWaiter> waiters, FutexDeadline deadline)
    {
        if (deadline.IsRealtime)
            thread.PollTable.Add(thread.Clock.WasSet);
        var error = Errno.None;
        while (error == Errno.None && !IsAnyWoken(waiters))
            error = thread.Sleep(deadline.IsNever ? deadline.Nanoseconds : deadline.ToMonotonic(thread.Clock));
        if (deadline.IsRealtime)
            thread.PollTable.Clear();
        return error;
    }

    private static bool IsAnyWoken(ReadOnlySpan<FutexWaiter> waiters)
    {
        foreach (var waiter in waiters)
        {
            if (waiter.Bucket is null)
                return true;
        }
        return false;
    }
}
