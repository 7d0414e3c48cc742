using System.Runtime.Intrinsics.X86;

namespace Nommu.Core.Host;

/// <summary>What the host's kernel says of the processor to every program (getauxval(3)), and so ours to a guest's.</summary>
internal static class HostProcessor
{
    private static readonly Lazy<HashSet<string>> Flags = new(ReadFlags);

    private const int AT_HWCAP2 = 26, AT_SYSINFO_EHDR = 33, AT_MINSIGSTKSZ = 51;

    /// <summary>AT_HWCAP: edx of CPUID leaf 1. Asked once: in a virtual machine the instruction leaves it, two microseconds each time.</summary>
    internal static ulong Capabilities { get; } = (uint)X86Base.CpuId(1, 0).Edx; // the host's libc has its own idea of AT_HWCAP

    /// <summary>Whether the host's kernel shows a flag by this name in its /proc/cpuinfo: it may hide some that CPUID has, when it does not use or cannot trust them.</summary>
    internal static bool Has(string flag) => Flags.Value.Contains(flag);

    /// <summary>AT_HWCAP2: bit 1 says that rdfsbase works.</summary>
    internal static ulong Capabilities2 => HostCalls.getauxval(AT_HWCAP2);

    /// <summary>AT_MINSIGSTKSZ: what a signal frame with the processor's whole state takes; 0 where the host does not say.</summary>
    internal static ulong SignalStackSize => HostCalls.getauxval(AT_MINSIGSTKSZ);

    /// <summary>AT_SYSINFO_EHDR: where the host's own vDSO lies; 0 where it has none.</summary>
    internal static ulong VdsoAddress => HostCalls.getauxval(AT_SYSINFO_EHDR);

    private static HashSet<string> ReadFlags()
    {
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        return [.. line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }
}
