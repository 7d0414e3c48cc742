using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>struct task_cputime</c>. Differs: system time is what the host's kernel spent for the guest; this kernel's own work counts as the guest's, since telling the two apart would cost two looks at a clock in every call.</summary>
/// <param name="User">Nanoseconds in the program, and in this kernel.</param>
/// <param name="System">Nanoseconds in the host's kernel.</param>
internal readonly record struct CpuTime(long User, long System)
{
    internal long Total => User + System;

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
