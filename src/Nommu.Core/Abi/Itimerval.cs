using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct timeval</c> of x86-64.</summary>
/// <param name="Seconds">Whole seconds.</param>
/// <param name="Microseconds">0 to 999,999.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Timeval(long Seconds, long Microseconds)
{
    internal bool IsValid => Seconds >= 0 && (ulong)Microseconds < 1_000_000;

    /// <summary>Rounded down.</summary>
    internal static Timeval FromNanoseconds(long nanoseconds)
    {
        var seconds = Math.DivRem(nanoseconds, 1_000_000_000, out var rest);
        return rest < 0 ? new(seconds - 1, (rest + 1_000_000_000) / 1000) : new(seconds, rest / 1000);
    }
}

/// <summary>Linux: <c>struct itimerval</c> (setitimer(2)).</summary>
/// <param name="Interval">Zero for a timer that fires once.</param>
/// <param name="Value">Zero for a timer that is off.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Itimerval(Timeval Interval, Timeval Value);

/// <summary>Linux: <c>struct itimerspec</c> (timer_settime(2)).</summary>
/// <param name="Interval">Zero for a timer that fires once.</param>
/// <param name="Value">Zero for a timer that is off.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Itimerspec(Timespec Interval, Timespec Value);
