using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct task_cputime</c>. Differs: system time is what the host's kernel spent for the guest; this kernel's own work counts as the guest's, since telling the two apart would cost two looks at a clock in every call.</summary>
/// <param name="User">Nanoseconds in the program, and in this kernel.</param>
/// <param name="System">Nanoseconds in the host's kernel.</param>
internal readonly record struct CpuTime(long User, long System)
{
    /// <summary>Nanoseconds of a tick as programs count them (USER_HZ): 100 a second on every machine.</summary>
    internal const long Tick = 10_000_000;

    internal long Total => User + System;

    /// <summary>Whole ticks in the program.</summary>
    internal long UserTicks => User / Tick;

    /// <summary>Whole ticks in the host's kernel.</summary>
    internal long SystemTicks => System / Tick;

    public static CpuTime operator +(CpuTime left, CpuTime right) => new(left.User + right.User, left.System + right.System);
}

/// <summary>Linux: what <c>getrusage</c> adds up.</summary>
/// <param name="Time">Processor time.</param>
/// <param name="VoluntarySwitches">How often it slept.</param>
internal readonly record struct ResourceUsage(CpuTime Time, long VoluntarySwitches)
{
    public static ResourceUsage operator +(ResourceUsage left, ResourceUsage right) => new(left.Time + right.Time, left.VoluntarySwitches + right.VoluntarySwitches);

    internal Rusage ToRusage() => new()
    {
        UserTime = Timeval.FromNanoseconds(Time.User),
        SystemTime = Timeval.FromNanoseconds(Time.System),
        VoluntarySwitches = VoluntarySwitches,
    };
}
