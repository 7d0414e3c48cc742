using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>The end of everything.</summary>
internal sealed partial class Machine
{
    /// <summary>No process starts any more.</summary>
    internal bool IsHalting { get; private set; }

    /// <summary>reboot(2) was called; set by who owns the machine.</summary>
    internal Action<HaltReason>? HaltRequested { get; set; }

    /// <summary>Tells every process to end.</summary>
    /// <returns>False where that had been done before.</returns>
    internal bool BeginHalt()
    {
        lock (Tasks.Lock)
        {
            if (IsHalting)
                return false;
            IsHalting = true;
        }
        new SignalSender(Tasks).EndAll();
        return true;
    }
}
