using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>What it may use.</summary>
internal sealed partial class GuestThread
{
    /// <summary>What it may map and lock.</summary>
    internal MemoryLimits MemoryLimits => new(
        Process.Limits[ResourceLimit.RLIMIT_AS].Current,
        Process.Limits[ResourceLimit.RLIMIT_DATA].Current,
        Credentials.Has(Capability.CAP_IPC_LOCK) ? ulong.MaxValue : Process.Limits[ResourceLimit.RLIMIT_MEMLOCK].Current);
}
