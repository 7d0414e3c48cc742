using Nommu.Core.Abi;

namespace Nommu.Core.Time;

/// <summary>A timer's two times in nanoseconds: what is left of the first, 0 for off, and from one to the next, 0 for once.</summary>
internal readonly record struct TimerSetting(long Value, long Interval)
{
    internal Itimerval ToItimerval() => new(Timeval.FromNanoseconds(Interval), Timeval.FromNanoseconds(Value));

    internal Itimerspec ToItimerspec() => new(KernelClock.ToTimespec(Interval), KernelClock.ToTimespec(Value));

    internal static TimerSetting From(in Itimerspec value) => new(KernelClock.ToNanoseconds(value.Value), KernelClock.ToNanoseconds(value.Interval));

    internal static TimerSetting From(in Itimerval value) => new(ToNanoseconds(value.Value), ToNanoseconds(value.Interval));

    /// <summary>Linux: <c>hrtimer_forward</c>: a periodic timer stays on its grid, and what was missed is counted.</summary>
    internal static (long Deadline, long Missed) NextAfter(long deadline, long interval, long now)
    {
        var missed = Math.Max(0, now - deadline) / interval;
        var next = (Int128)deadline + ((Int128)(missed + 1) * interval);
        return (next > long.MaxValue ? long.MaxValue : (long)next, missed);
    }

    private static long ToNanoseconds(Timeval time) => KernelClock.ToNanoseconds(new Timespec(time.Seconds, time.Microseconds * 1000));
}
