using System.Globalization;
using System.Runtime.Intrinsics.X86;

namespace Nommu.Core.Tests.Guest;

/// <summary>What this host lets a process do with page zero: zpoline has to work where it is given away, and to say what it takes where it is not.</summary>
internal static class HostPageZero
{
    private const int CAP_SYS_RAWIO = 17;

    /// <summary>capabilities(7), and vm.mmap_min_addr (proc(5)).</summary>
    internal static bool IsGivenAway =>
        File.ReadAllText("/proc/sys/vm/mmap_min_addr").Trim() == "0"
        || (ulong.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal)).Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << CAP_SYS_RAWIO)) != 0;

    /// <summary>It can be there and not be read: CPUID leaf 7, ecx bit 4, OSPKE.</summary>
    internal static bool CanBeHidden => X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 4)) != 0;
}
