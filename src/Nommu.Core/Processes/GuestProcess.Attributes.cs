using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>What prctl(2) and membarrier(2) set for all threads.</summary>
public sealed partial class GuestProcess
{
    /// <summary>prctl(PR_SET_DUMPABLE). Differs from Linux, where it belongs to the memory; a new program has it again.</summary>
    internal bool IsDumpable { get; set; } = true;

    /// <summary>Expedited barriers that were registered (membarrier(2)); gone with the program.</summary>
    internal Abi.MembarrierCommand Barriers { get; set; }

    /// <summary>prctl(PR_SET_PDEATHSIG), once the thread has ended that made the child, or had inherited it.</summary>
    private void TellOfParentsDeath()
    {
        foreach (var thread in Threads)
        {
            if (thread.Attributes.ParentDeathSignal is not 0 and var signal)
                _ = SignalGeneration.Send(this, Abi.Siginfo.FromKernel((Abi.Signal)signal));
        }
    }

    /// <summary>For execve(2).</summary>
    internal void ResetAttributesForExec() => (IsDumpable, Barriers) = (true, default);
}
