using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct sched_attr</c> in its first version, 48 bytes (sched_setattr(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = FirstSize)]
internal struct SchedAttr
{
    internal const int FirstSize = 48;
    internal const ulong SCHED_FLAG_RESET_ON_FORK = 1;

    internal uint Size;
    internal SchedPolicy Policy;
    internal ulong Flags;
    internal int Nice;
    internal uint Priority;
    internal ulong Runtime;
    internal ulong Deadline;
    internal ulong Period;
}
