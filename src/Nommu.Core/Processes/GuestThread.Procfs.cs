namespace Nommu.Core.Processes;

/// <summary>What /proc shows of a thread.</summary>
internal sealed partial class GuestThread
{
    /// <summary>It is in <see cref="Sleep"/>, or just about to leave it.</summary>
    internal bool IsAsleep { get; private set; }

    /// <summary>Asleep, and nobody has woken it: S instead of R in /proc/PID/stat. Who has been woken runs, whenever the host lets it (TASK_RUNNING).</summary>
    internal bool IsSleeping => _park.HasSleeper;
}
