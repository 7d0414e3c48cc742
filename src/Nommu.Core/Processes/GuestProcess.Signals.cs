using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>What signals need of a process.</summary>
internal sealed partial class GuestProcess
{
    /// <summary>Signals to the process as a whole.</summary>
    internal SharedSignalState Signals { get; } = new();

    /// <summary>What it does with signals; replaced by execve(2), shared by CLONE_SIGHAND.</summary>
    internal SignalHandlers Handlers { get; set; } = new();
}
