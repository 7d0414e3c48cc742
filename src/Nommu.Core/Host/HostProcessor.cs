using System.Runtime.Intrinsics.X86;

namespace Nommu.Core.Host;

/// <summary>What the host's kernel says of the processor to every program (getauxval(3)), and so ours to a guest's.</summary>
internal static class HostProcessor
{
    private const int AT_HWCAP2 = 26, AT_SYSINFO_EHDR = 33, AT_MINSIGSTKSZ = 51;

    /// <summary>AT_HWCAP: edx of CPUID leaf 1.</summary>
    internal static ulong Capabilities => (uint)X86Base.CpuId(1, 0).Edx; // the host's libc has its own idea of AT_HWCAP

    /// <summary>AT_HWCAP2: bit 1 says that rdfsbase works.</summary>
    internal static ulong Capabilities2 => HostCalls.getauxval(AT_HWCAP2);

    /// <summary>AT_MINSIGSTKSZ: what a signal frame with the processor's whole state takes; 0 where the host does not say.</summary>
    internal static ulong SignalStackSize => HostCalls.getauxval(AT_MINSIGSTKSZ);

    /// <summary>AT_SYSINFO_EHDR: where the host's own vDSO lies; 0 where it has none.</summary>
    internal static ulong VdsoAddress => HostCalls.getauxval(AT_SYSINFO_EHDR);
}
