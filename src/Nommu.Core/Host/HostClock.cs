namespace Nommu.Core.Host;

/// <summary>The host's clocks, to the nanosecond: what its vDSO shows, so that both agree.</summary>
internal static unsafe class HostClock
{
    internal const int Realtime = 0;

    /// <summary>A clock by its number (clock_gettime(2)), in nanoseconds.</summary>
    internal static long Read(int clock)
    {
        var time = stackalloc long[2];
        _ = HostCalls.clock_gettime(clock, time);
        return (time[0] * 1_000_000_000) + time[1];
    }
}
