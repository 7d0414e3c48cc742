namespace Nommu.Core.Processes;

/// <summary>Linux: the thread list of a thread group. Guarded by <see cref="TaskTable.Lock"/>.</summary>
public sealed partial class GuestProcess
{
    /// <summary>Its threads, the first one (Linux: <c>group_leader</c>) first while it lives.</summary>
    internal List<GuestThread> Threads { get; } = [];

    internal TaskTable Tasks => _tasks;

    /// <summary>The kernel it belongs to.</summary>
    internal Machine Machine => _tasks.Machine;

    /// <summary>Woken when a thread has gone.</summary>
    internal WaitQueue ThreadGone { get; } = new();

    /// <summary>What the thread said that called exit(2) last: the process's status where nothing else ends it (Linux: <c>synchronize_group_exit</c>).</summary>
    internal WaitStatus LastStatus { get; set; }
}
