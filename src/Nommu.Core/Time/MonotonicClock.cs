namespace Nommu.Core.Time;

/// <summary>Linux: CLOCK_MONOTONIC in nanoseconds, which deadlines of waits count in.</summary>
internal static class MonotonicClock
{
    /// <summary>A deadline that never comes.</summary>
    internal const long Never = -1;

    internal static long Now(TimeProvider clock)
    {
        var frequency = clock.TimestampFrequency;
        var timestamp = clock.GetTimestamp();
        return frequency == 1_000_000_000 ? timestamp : (long)((Int128)timestamp * 1_000_000_000 / frequency);
    }

    /// <summary>A time from now; however long, it stays a time that can come.</summary>
    internal static long After(TimeProvider clock, long nanoseconds)
    {
        var now = Now(clock);
        return nanoseconds > long.MaxValue - now ? long.MaxValue : now + nanoseconds;
    }
}
