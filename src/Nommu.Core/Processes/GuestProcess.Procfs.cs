namespace Nommu.Core.Processes;

/// <summary>What /proc shows of a process.</summary>
public sealed partial class GuestProcess
{
    private byte[] _lastName = [];

    /// <summary>Monotonic nanoseconds at which it came into being.</summary>
    internal long StartTime { get; private set; }

    /// <summary>/proc/PID/oom_score_adj; inherited. Nothing is ever killed for memory here, so it is only remembered.</summary>
    internal int OomScoreAdjustment { get; set; }

    /// <summary>Linux: the leader's <c>comm</c>, and once all threads are gone what it was. Under the lock.</summary>
    internal byte[] Name => Threads.Count > 0 ? _lastName = Threads[0].Name : _lastName;

    internal void Started(GuestProcess? parent)
    {
        StartTime = _tasks.Machine?.Clock.MonotonicNanoseconds ?? 0;
        OomScoreAdjustment = parent?.OomScoreAdjustment ?? 0;
    }
}
