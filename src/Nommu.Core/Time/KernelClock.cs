using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Processes;

namespace Nommu.Core.Time;

/// <summary>Linux: timekeeping. The only clock of a kernel, on a <see cref="TimeProvider"/>: monotonic time is its timestamp, real time its UTC moved by what settimeofday(2) has changed. Both are the host's own where the provider is the system's, so that the host's vDSO may answer too.</summary>
internal sealed class KernelClock
{
    internal const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerTick = 100;

    private readonly TimeProvider _provider;
    private readonly long _frequency;
    private readonly HostTimers? _timers;
    private long _realtimeOffset;

    internal KernelClock(TimeProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        _provider = provider;
        _frequency = provider.TimestampFrequency;
        IsSystem = provider == TimeProvider.System;
        _timers = IsSystem ? new HostTimers(() => MonotonicNanoseconds) : null;
    }

    /// <summary>True where the time is the host's, so that sleepers may leave waiting to the host.</summary>
    internal bool IsSystem { get; }

    internal TimeProvider Provider => _provider;

    /// <summary>A timer that is off and rings once when it is set. Exact to a tenth of a millisecond or so where time is the host's; as exact as the provider's otherwise.</summary>
    internal ITimer CreateTimer(TimerCallback callback, object state) =>
        _timers is { } timers ? timers.Create(callback, state) : _provider.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Told when real time has been set, before anybody learns of it: the vDSO, which answers without asking.</summary>
    internal Action? RealtimeWasSet { get; set; }

    /// <summary>CLOCK_MONOTONIC: since some point before the kernel's start, never set.</summary>
    internal long MonotonicNanoseconds => Scale(_provider.GetTimestamp());

    /// <summary>CLOCK_REALTIME: since 1970-01-01 UTC.</summary>
    internal long RealtimeNanoseconds => ProviderRealtime() + RealtimeOffset;

    /// <summary>How far the guest's real time has been set off the provider's.</summary>
    internal long RealtimeOffset => Volatile.Read(ref _realtimeOffset);

    /// <summary>/proc/uptime, sysinfo(2): CLOCK_BOOTTIME, as in Linux. So a kernel says it is as old as the host's, as a container does: its vDSO may be the host's own only if their clocks begin together.</summary>
    internal long UptimeNanoseconds => MonotonicNanoseconds;

    /// <summary>btime of /proc/stat: the start of <see cref="UptimeNanoseconds"/>, in today's real time.</summary>
    internal long BootRealtime => RealtimeNanoseconds - UptimeNanoseconds;

    internal Timespec RealtimeTimespec => ToTimespec(RealtimeNanoseconds);

    /// <summary>Woken when real time has been set: who waits for a real time looks again.</summary>
    internal WaitQueue WasSet { get; } = new();

    /// <summary>Linux: <c>do_settimeofday64</c>.</summary>
    internal void SetRealtime(long nanoseconds)
    {
        Volatile.Write(ref _realtimeOffset, nanoseconds - ProviderRealtime());
        RealtimeWasSet?.Invoke();
        WasSet.Wake();
    }

    /// <summary>The monotonic time at which it will be a real time, as things stand; never negative.</summary>
    internal long MonotonicOf(long realtime)
    {
        var length = realtime - RealtimeNanoseconds; // both are positive: no overflow
        var now = MonotonicNanoseconds;
        return length > long.MaxValue - now ? long.MaxValue : Math.Max(0, now + length);
    }

    /// <summary>The monotonic time after a relative one; the largest where that overflows.</summary>
    internal long DeadlineAfter(Timespec duration)
    {
        var length = ToNanoseconds(duration);
        var now = MonotonicNanoseconds;
        return length > long.MaxValue - now ? long.MaxValue : now + length;
    }

    /// <summary>How far off a monotonic time is; never negative.</summary>
    internal TimeSpan Until(long deadline) => TimeSpan.FromTicks(Math.Max(0, deadline - MonotonicNanoseconds + NanosecondsPerTick - 1) / NanosecondsPerTick);

    /// <summary>Saturating, as Linux's <c>timespec64_to_ktime</c>.</summary>
    internal static long ToNanoseconds(Timespec time) =>
        time.Seconds >= long.MaxValue / NanosecondsPerSecond ? long.MaxValue : (time.Seconds * NanosecondsPerSecond) + time.Nanoseconds;

    internal static Timespec ToTimespec(long nanoseconds)
    {
        var seconds = Math.DivRem(nanoseconds, NanosecondsPerSecond, out var rest);
        return rest < 0 ? new(seconds - 1, rest + NanosecondsPerSecond) : new(seconds, rest);
    }

    private long Scale(long timestamp) =>
        _frequency == NanosecondsPerSecond ? timestamp : (long)((Int128)timestamp * NanosecondsPerSecond / _frequency);

    /// <summary>What the host shows of a clock whose readings its vDSO gives to guests too; null where time is not the host's.</summary>
    /// <param name="clock">A number of clock_gettime(2).</param>
    internal long? ReadHost(int clock) => IsSystem ? HostClock.Read(clock) : null;

    private long ProviderRealtime() => IsSystem ? HostClock.Read(HostClock.Realtime) : (_provider.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick;
}
