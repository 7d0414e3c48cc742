namespace Nommu.Core.Processes;

/// <summary>Linux: the thread list of a thread group. Guarded by <see cref="TaskTable.Lock"/>.</summary>
public sealed partial class GuestProcess
{
    /// <summary>Its threads, the first one (Linux: <c>group_leader</c>) first while it lives.</summary>
    internal List<GuestThread> Threads { get; } = [];

    /// <summary>The first thread has ended and others run on: a zombie among them, by whose number the process is still known (Linux: <c>delay_group_leader</c>).</summary>
    internal bool LeaderHasEnded => Threads.Count > 0 && !Threads.Exists(thread => thread.Id == Id);

    /// <summary>How many threads there are for others to see, a zombie first one among them (Linux: <c>get_nr_threads</c>).</summary>
    internal int ThreadCountLocked => Math.Max(1, Threads.Count + (LeaderHasEnded ? 1 : 0));

    internal TaskTable Tasks => _tasks;

    /// <summary>The kernel it belongs to.</summary>
    internal Machine Machine => _tasks.Machine;

    /// <summary>Woken when a thread has gone, or the process that was left of them.</summary>
    internal WaitQueue ThreadGone { get; } = new();

    /// <summary>What the thread said that called exit(2) last: the process's status where nothing else ends it (Linux: <c>synchronize_group_exit</c>).</summary>
    internal WaitStatus LastStatus { get; set; }
}
