using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>clockid_to_kclock</c> and the <c>k_clock</c> behind it: from a number to a clock. With the host's time they are the host's; with any other the coarse clocks are as exact as the others, and boot time and raw time are monotonic time.</summary>
internal static class GuestClocks
{
    /// <summary>Nanoseconds of a tick at 250 Hz: what the coarse clocks and tick-counted processor time say of their exactness.</summary>
    internal const long Tick = 4_000_000;

    /// <summary>What a clock shows, in nanoseconds.</summary>
    /// <returns>EINVAL where there is no such clock; so do the alarm clocks, as without a real-time clock chip.</returns>
    internal static Result<long> Read(GuestThread thread, ClockId id)
    {
        switch (id)
        {
            case ClockId.CLOCK_REALTIME:
                return thread.Clock.RealtimeNanoseconds;
            case ClockId.CLOCK_MONOTONIC:
                return thread.Clock.MonotonicNanoseconds;
            case ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_TAI:
                return thread.Clock.ReadHost((int)id) is { } real ? real + thread.Clock.RealtimeOffset : thread.Clock.RealtimeNanoseconds;
            case ClockId.CLOCK_MONOTONIC_RAW or ClockId.CLOCK_MONOTONIC_COARSE or ClockId.CLOCK_BOOTTIME:
                return thread.Clock.ReadHost((int)id) ?? thread.Clock.MonotonicNanoseconds;
            default:
                return CpuClock.Find(thread, id).TryGet(out var clock) ? clock.Read() : Errno.EINVAL;
        }
    }

    /// <summary>How exact a clock says it is.</summary>
    internal static Result<long> Resolution(GuestThread thread, ClockId id)
    {
        switch (id)
        {
            case ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE:
                return Tick;
            case ClockId.CLOCK_REALTIME or ClockId.CLOCK_TAI or ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_MONOTONIC_RAW or ClockId.CLOCK_BOOTTIME:
                return 1;
            default:
                return CpuClock.Find(thread, id).TryGet(out var clock) ? clock.Resolution : Errno.EINVAL;
        }
    }

    /// <summary>Sets real time; no other clock can be set.</summary>
    /// <returns>EPERM without the right, and for processor time always; EINVAL.</returns>
    internal static Errno Set(GuestThread thread, ClockId id, Timespec time)
    {
        if (id != ClockId.CLOCK_REALTIME)
            return CpuClock.Find(thread, id).IsOk ? Errno.EPERM : Errno.EINVAL;
        if (!time.IsValid || time.Seconds > LastSecond)
            return Errno.EINVAL;
        if (!thread.Credentials.Has(Capability.CAP_SYS_TIME))
            return Errno.EPERM;
        var nanoseconds = KernelClock.ToNanoseconds(time);
        var clock = thread.Clock;
        if (nanoseconds < clock.UptimeNanoseconds)
            return Errno.EINVAL; // the machine would have been started before 1970
        clock.SetRealtime(nanoseconds);
        var tasks = thread.Process.Tasks;
        lock (tasks.Lock)
        {
            foreach (var process in tasks.Processes)
                process.Timers.ClockWasSet();
        }
        return Errno.None;
    }

    /// <summary>Linux: <c>TIME_SETTOD_SEC_MAX</c>: thirty years before nanoseconds overflow.</summary>
    private const long LastSecond = (long.MaxValue / KernelClock.NanosecondsPerSecond) - (30L * 365 * 24 * 3600);
}
