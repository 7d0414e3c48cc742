using System.Runtime.Intrinsics.X86;
using Nommu.Core.Host;

namespace Nommu.Core.Execution;

/// <summary>What execution needs once in a host process, shared by all kernels in it: the emitted code and the signal handlers. Stays for the life of the process, as the handlers must.</summary>
internal sealed class ExecutionRuntime
{
    private static readonly Lazy<ExecutionRuntime> Shared = new(() => new ExecutionRuntime());

    private ExecutionRuntime()
    {
        if (!X86Base.IsSupported || !OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Guests run on x86-64 Linux hosts only.");
        const int AT_HWCAP2 = 26, HWCAP2_FSGSBASE = 2;
        FsGsBase = (HostCalls.getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) != 0;
        // CPUID leaf 0Dh, sub-leaf 0, ebx: bytes of the XSAVE image for the features the host has enabled (Intel SDM vol. 1, 13.2).
        XStateSize = X86Base.CpuId(0xd, 0).Ebx;
        XStateLayout = XStateLayout.OfThisHost(XStateSize);
        Buffer = new CodeBuffer(HostSignals.BufferSize);
        Gate = new GuestGate(Buffer, FsGsBase);
        Copy = new UserCopyCode(Buffer);
        Signals = new HostSignals(Buffer, Gate, Copy, FsGsBase);
        Buffer.Seal();
        Signals.Install();
    }

    internal static ExecutionRuntime Instance => Shared.Value;

    internal bool FsGsBase { get; }

    /// <summary>Bytes of an XSAVE image in standard format on this host.</summary>
    internal int XStateSize { get; }

    internal XStateLayout XStateLayout { get; }

    internal CodeBuffer Buffer { get; }

    internal GuestGate Gate { get; }

    internal UserCopyCode Copy { get; }

    internal HostSignals Signals { get; }
}
