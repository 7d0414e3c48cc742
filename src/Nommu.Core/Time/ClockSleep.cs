using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>common_nsleep</c> and its kin: sleeping by a clock.</summary>
internal static class ClockSleep
{
    /// <summary>A sleeper by processor time looks again after this long at the earliest.</summary>
    private const long ShortestLook = 1_000_000;

    /// <summary>Sleeps for a time. A signal without a handler does not make it longer: the restart goes on to the same moment.</summary>
    /// <param name="thread">The calling thread.</param>
    /// <param name="id">A clock; real time that is set meanwhile does not matter, since the time is relative.</param>
    /// <param name="duration">A valid time.</param>
    /// <param name="remaining">Gets what is left where a signal ends the sleep; may be null.</param>
    internal static Errno For(GuestThread thread, ClockId id, Timespec duration, UserPtr<Timespec> remaining)
    {
        if (!IsProcessorTime(id))
            return UntilMonotonic(thread, thread.Clock.DeadlineAfter(duration), remaining);
        var found = FindOther(thread, id);
        if (!found.TryGet(out var clock))
            return found.Error;
        var now = clock.Read();
        var length = KernelClock.ToNanoseconds(duration);
        return UntilProcessorTime(thread, clock, length > long.MaxValue - now ? long.MaxValue : now + length, remaining, absolute: false);
    }

    /// <summary>Sleeps until a clock shows a time. Setting real time counts.</summary>
    internal static Errno Until(GuestThread thread, ClockId id, Timespec time)
    {
        var target = KernelClock.ToNanoseconds(time);
        if (id is ClockId.CLOCK_REALTIME or ClockId.CLOCK_TAI)
            return UntilRealtime(thread, target);
        if (!IsProcessorTime(id))
            return AsAbsolute(Sleep(thread, target));
        var found = FindOther(thread, id);
        return found.TryGet(out var clock) ? UntilProcessorTime(thread, clock, target, default, absolute: true) : found.Error;
    }

    private static bool IsProcessorTime(ClockId id) => id < 0 || id is ClockId.CLOCK_PROCESS_CPUTIME_ID or ClockId.CLOCK_THREAD_CPUTIME_ID;

    /// <summary>A sleeper's own processor time does not pass.</summary>
    private static Result<CpuClock> FindOther(GuestThread thread, ClockId id)
    {
        var found = CpuClock.Find(thread, id);
        return found.TryGet(out var clock) && clock.Thread == thread ? Errno.EINVAL : found;
    }

    private static Errno UntilMonotonic(GuestThread thread, long deadline, UserPtr<Timespec> remaining)
    {
        if (Sleep(thread, deadline) == Errno.None)
            return Errno.None;
        return Interrupted(thread, deadline - thread.Clock.MonotonicNanoseconds, remaining, RestartMonotonic(deadline, remaining));
    }

    /// <summary>Apart, so that what it captures is allocated only here.</summary>
    private static Func<GuestThread, Result<long>> RestartMonotonic(long deadline, UserPtr<Timespec> remaining) => thread => AsResult(UntilMonotonic(thread, deadline, remaining));

    private static Func<GuestThread, Result<long>> RestartProcessorTime(CpuClock clock, long target, UserPtr<Timespec> remaining) =>
        thread => AsResult(UntilProcessorTime(thread, clock, target, remaining, absolute: false));

    private static Errno UntilRealtime(GuestThread thread, long target)
    {
        var clock = thread.Clock;
        thread.PollTable.Add(clock.WasSet);
        try
        {
            while (true)
            {
                var error = thread.Sleep(clock.MonotonicOf(target));
                if (clock.RealtimeNanoseconds >= target)
                    return Errno.None;
                if (error == Errno.ERESTARTSYS)
                    return Errno.ERESTARTNOHAND;
            }
        }
        finally
        {
            thread.PollTable.Clear();
        }
    }

    private static Errno UntilProcessorTime(GuestThread thread, CpuClock clock, long target, UserPtr<Timespec> remaining, bool absolute)
    {
        while (true)
        {
            long wait;
            lock (clock.Process.Tasks.Lock)
                wait = clock.SoonestLocked(target);
            if (wait == 0)
                return Errno.None;
            if (thread.Sleep(MonotonicClock.After(thread.Clock.Provider, Math.Max(wait, ShortestLook))) != Errno.ERESTARTSYS)
                continue;
            return absolute
                ? Errno.ERESTARTNOHAND
                : Interrupted(thread, target - clock.Read(), remaining, RestartProcessorTime(clock, target, remaining));
        }
    }

    /// <returns>None when the time has come.</returns>
    private static Errno Sleep(GuestThread thread, long deadline)
    {
        while (true)
        {
            switch (thread.Sleep(deadline))
            {
                case Errno.ETIMEDOUT:
                    return Errno.None;
                case Errno.ERESTARTSYS:
                    return thread.Clock.MonotonicNanoseconds >= deadline ? Errno.None : Errno.ERESTARTSYS;
            }
        }
    }

    private static Errno AsAbsolute(Errno error) => error == Errno.None ? Errno.None : Errno.ERESTARTNOHAND;

    private static Result<long> AsResult(Errno error) => error == Errno.None ? 0L : error;

    private static Errno Interrupted(GuestThread thread, long left, UserPtr<Timespec> remaining, Func<GuestThread, Result<long>> again)
    {
        if (left <= 0)
            return Errno.None;
        if (!remaining.IsNull && thread.Memory.Write(remaining, KernelClock.ToTimespec(left)) is not Errno.None and var error)
            return error;
        thread.Signals.RestartBlock = again;
        return Errno.ERESTART_RESTARTBLOCK;
    }
}
