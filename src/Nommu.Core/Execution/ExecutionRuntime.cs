using System.Runtime.Intrinsics.X86;
using Nommu.Core.Host;

namespace Nommu.Core.Execution;

/// <summary>What execution needs once in a host process, shared by all kernels in it: the emitted code and the signal handlers. Stays for the life of the process, as the handlers must.</summary>
internal sealed class ExecutionRuntime
{
    private const ulong HWCAP2_FSGSBASE = 2;

    private static readonly Lazy<ExecutionRuntime> Shared = new(() => new ExecutionRuntime());

    private ExecutionRuntime()
    {
        if (!X86Base.IsSupported || !OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("Guests run on x86-64 Linux hosts only.");
        FsGsBase = !ExecutionSwitches.IsSet(ExecutionSwitches.DisableFsGsBase) && (HostProcessor.Capabilities2 & HWCAP2_FSGSBASE) != 0;
        // CPUID leaf 0Dh, sub-leaf 0, ebx: bytes of the XSAVE image for the features the host has enabled (Intel SDM vol. 1, 13.2).
        XStateSize = X86Base.CpuId(0xd, 0).Ebx;
        XStateLayout = XStateLayout.OfThisHost(XStateSize);
        Buffer = new CodeBuffer(HostSignals.BufferSize);
        Vectors = new VectorMoves(XStateLayout.UserFeatures, GuestContext.XStateOffset);
        Gate = new GuestGate(Buffer, FsGsBase, Vectors);
        Trap = SyscallTrap.Choose(Buffer);
        Copy = new UserCopyCode(Buffer);
        Signals = new HostSignals(Buffer, Gate, Copy, FsGsBase);
        Buffer.Seal();
        Signals.Install();
    }

    internal static ExecutionRuntime Instance => Shared.Value;

    internal bool FsGsBase { get; }

    /// <summary>AT_HWCAP2 of guests: they may use what we do.</summary>
    internal ulong GuestCapabilities2 => FsGsBase ? HostProcessor.Capabilities2 : HostProcessor.Capabilities2 & ~HWCAP2_FSGSBASE;

    internal SyscallTrap Trap { get; }

    /// <summary>Bytes of an XSAVE image in standard format on this host.</summary>
    internal int XStateSize { get; }

    internal XStateLayout XStateLayout { get; }

    internal VectorMoves Vectors { get; }

    internal CodeBuffer Buffer { get; }

    internal GuestGate Gate { get; }

    internal UserCopyCode Copy { get; }

    internal HostSignals Signals { get; }
}
