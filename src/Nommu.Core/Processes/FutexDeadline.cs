using Nommu.Core.Time;

namespace Nommu.Core.Processes;

/// <summary>Until when a futex is waited for: a monotonic time, a real time, which may be set meanwhile, or for ever.</summary>
/// <param name="Nanoseconds">Of its clock; -1 for ever.</param>
/// <param name="IsRealtime">Which clock.</param>
internal readonly record struct FutexDeadline(long Nanoseconds, bool IsRealtime = false)
{
    internal static FutexDeadline Never => new(MonotonicClock.Never);

    internal bool IsNever => Nanoseconds == MonotonicClock.Never;

    /// <summary>As a monotonic time, as things stand.</summary>
    internal long ToMonotonic(KernelClock clock) => IsRealtime ? clock.MonotonicOf(Nanoseconds) : Nanoseconds;
}
