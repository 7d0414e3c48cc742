using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: the signal members of <c>signal_struct</c>. Guarded by the task table's lock.</summary>
internal sealed class SharedSignalState
{
    /// <summary>Sent to the process: any thread may take them.</summary>
    internal PendingSignals Pending { get; } = new();

    /// <summary>Woken when a signal comes to be pending. Linux: <c>signalfd_wqh</c> of <c>sighand_struct</c>.</summary>
    internal WaitQueue Arrived { get; } = new();

    /// <summary>Set once the process is to end; the first word counts. Linux: SIGNAL_GROUP_EXIT with <c>group_exit_code</c>.</summary>
    internal WaitStatus? GroupExit { get; set; }

    /// <summary>The signal of the group stop under way or in force; 0 for none.</summary>
    internal int StopSignal { get; set; }

    /// <summary>Threads yet to stop before the parent is told. Linux: <c>group_stop_count</c>.</summary>
    internal int StopCount { get; set; }

    /// <summary>Signals without a handler do nothing, SIGKILL neither: set for init. Linux: SIGNAL_UNKILLABLE.</summary>
    internal bool IsUnkillable { get; set; }
}
