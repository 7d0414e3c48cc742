using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct timespec</c>, as it lies in guest memory on x86-64.</summary>
/// <param name="Seconds">Since the epoch of the clock it belongs to.</param>
/// <param name="Nanoseconds">0 to 999,999,999; utimensat(2) gives two more values a meaning.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Timespec(long Seconds, long Nanoseconds) : IComparable<Timespec>
{
    /// <summary>utimensat(2): take the present time.</summary>
    internal const long UTIME_NOW = 0x3fffffff;

    /// <summary>utimensat(2): leave this time alone.</summary>
    internal const long UTIME_OMIT = 0x3ffffffe;

    /// <summary>True when the nanoseconds are a fraction of a second and the seconds not negative.</summary>
    internal bool IsValid => Seconds >= 0 && (ulong)Nanoseconds < 1_000_000_000;

    /// <summary>The wall clock's time.</summary>
    /// <param name="clock">The kernel's only clock.</param>
    /// <returns>Since 1970-01-01 UTC.</returns>
    public static Timespec Now(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return FromDateTime(clock.GetUtcNow());
    }

    /// <summary>Converts a host's time.</summary>
    /// <param name="time">Any time.</param>
    /// <returns>Since 1970-01-01 UTC.</returns>
    public static Timespec FromDateTime(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return rest < 0 ? new(seconds - 1, (rest + TimeSpan.TicksPerSecond) * 100) : new(seconds, rest * 100);
    }

    /// <inheritdoc/>
    public int CompareTo(Timespec other) => Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Earlier.</summary>
    public static bool operator <(Timespec left, Timespec right) => left.CompareTo(right) < 0;

    /// <summary>Later.</summary>
    public static bool operator >(Timespec left, Timespec right) => left.CompareTo(right) > 0;

    /// <summary>Not later.</summary>
    public static bool operator <=(Timespec left, Timespec right) => left.CompareTo(right) <= 0;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(Timespec left, Timespec right) => left.CompareTo(right) >= 0;
}
