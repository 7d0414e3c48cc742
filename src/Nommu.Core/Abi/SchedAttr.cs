using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of <c>struct sched_attr</c>.</summary>
[Flags]
internal enum SchedFlags : ulong
{
    None = 0,
    SCHED_FLAG_RESET_ON_FORK = 1,
    SCHED_FLAG_RECLAIM = 2,
    SCHED_FLAG_DL_OVERRUN = 4,
    SCHED_FLAG_KEEP_POLICY = 8,
    SCHED_FLAG_KEEP_PARAMS = 0x10,
    SCHED_FLAG_UTIL_CLAMP_MIN = 0x20,
    SCHED_FLAG_UTIL_CLAMP_MAX = 0x40,
    All = 0x7f,
}

/// <summary>Linux: <c>struct sched_attr</c> in its first version, 48 bytes (sched_setattr(2)). The second has clamps of utilisation, which are not done.</summary>
[StructLayout(LayoutKind.Sequential, Size = FirstSize)]
internal struct SchedAttr
{
    internal const int FirstSize = 48, SecondSize = 56;

    internal uint Size;
    internal SchedPolicy Policy;
    internal SchedFlags Flags;
    internal int Nice;
    internal uint Priority;
    internal ulong Runtime;
    internal ulong Deadline;
    internal ulong Period;
}
