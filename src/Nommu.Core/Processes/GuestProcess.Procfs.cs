using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>What /proc shows of a process.</summary>
public sealed partial class GuestProcess
{
    private byte[] _lastName = [];

    /// <summary>Linux: <c>oom_score_adj_min</c>: lower goes only root, whose last word this is.</summary>
    private int _leastOomScore;

    /// <summary>Monotonic nanoseconds at which it came into being.</summary>
    internal long StartTime { get; private set; }

    /// <summary>/proc/PID/oom_score_adj: from -1000, never, to 1000, whom it costs when there is no memory (<see cref="OutOfMemoryKiller"/>). Inherited.</summary>
    internal int OomScoreAdjustment { get; private set; }

    /// <summary>Linux: <c>__set_oom_adj</c>. With the task table's lock held.</summary>
    /// <param name="adjustment">-1000 to 1000.</param>
    /// <param name="isPrivileged">CAP_SYS_RESOURCE.</param>
    /// <param name="isOld">By the older file, which takes nothing back.</param>
    /// <returns>EACCES.</returns>
    internal Errno SetOomScore(int adjustment, bool isPrivileged, bool isOld)
    {
        if (adjustment < (isOld ? OomScoreAdjustment : _leastOomScore) && !isPrivileged)
            return Errno.EACCES;
        OomScoreAdjustment = adjustment;
        if (isPrivileged && !isOld)
            _leastOomScore = adjustment;
        return Errno.None;
    }

    /// <summary>Linux: the leader's <c>comm</c>, and once all threads are gone what it was. Under the lock.</summary>
    internal byte[] Name => Threads.Count > 0 ? _lastName = Threads[0].Name : _lastName;

    internal void Started(GuestProcess? parent)
    {
        StartTime = _tasks.Machine?.Clock.MonotonicNanoseconds ?? 0;
        (OomScoreAdjustment, _leastOomScore) = parent is null ? (0, 0) : (parent.OomScoreAdjustment, parent._leastOomScore);
    }
}
