namespace Nommu.Core.Processes;

/// <summary>What prctl(2) and membarrier(2) set for all threads.</summary>
public sealed partial class GuestProcess
{
    /// <summary>prctl(PR_SET_DUMPABLE). Differs from Linux, where it belongs to the memory; a new program has it again.</summary>
    internal bool IsDumpable { get; set; } = true;

    /// <summary>Expedited barriers that were registered (membarrier(2)); gone with the program.</summary>
    internal Abi.MembarrierCommand Barriers { get; set; }

    /// <summary>For execve(2).</summary>
    internal void ResetAttributesForExec() => (IsDumpable, Barriers) = (true, default);
}
