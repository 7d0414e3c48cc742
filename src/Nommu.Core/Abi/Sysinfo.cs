using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct sysinfo</c> of x86-64, 112 bytes (sysinfo(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 112)]
internal struct Sysinfo
{
    /// <summary>1.0 in a load average: they have 16 bits behind the point.</summary>
    internal const ulong LoadScale = 1 << 16;

    internal long Uptime;
    internal ulong Load1;
    internal ulong Load5;
    internal ulong Load15;
    internal ulong TotalRam;
    internal ulong FreeRam;
    internal ulong SharedRam;
    internal ulong BufferRam;
    internal ulong TotalSwap;
    internal ulong FreeSwap;
    internal ushort Processes;
    private readonly ushort _padding;
    internal ulong TotalHigh;
    internal ulong FreeHigh;

    /// <summary>Bytes in the unit the sizes are given in.</summary>
    internal uint MemoryUnit;
}
