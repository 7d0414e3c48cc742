using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <inheritdoc/>
    public bool TryGrow(ulong address, bool isWrite) => TryGrow(address, isWrite ? MapProtection.PROT_WRITE : MapProtection.PROT_READ);

    /// <inheritdoc/>
    public bool TryRepair(ulong address, bool isWrite) => Space.TryOpenStack(address) || (isWrite && Space.TrySeparate(address));

    /// <summary>The thread, or the kernel for it, has missed memory: perhaps below a mapping that grows.</summary>
    internal bool TryGrow(ulong address, MapProtection how) => Space.TryGrow(address, how, MemoryLimits, Process.StackLimit);
}
