namespace Nommu.Core.Processes;

internal sealed partial class GuestProcess
{
    internal List<GuestThread> Threads { get; } = [];

    internal TaskTable Tasks => _tasks;

    /// <summary>The kernel it belongs to.</summary>
    internal Machine Machine => _tasks.Machine;
}
