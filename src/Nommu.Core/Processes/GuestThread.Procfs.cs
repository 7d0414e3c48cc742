namespace Nommu.Core.Processes;

/// <summary>What /proc shows of a thread.</summary>
internal sealed partial class GuestThread
{
    /// <summary>It waits in <see cref="Sleep"/>: S instead of R in /proc/PID/stat.</summary>
    internal bool IsAsleep { get; private set; }

    /// <summary>Asleep, and nobody has woken it. Who has been woken runs, whenever the host lets it (TASK_RUNNING).</summary>
    internal bool IsSleeping => IsAsleep && !_park.IsUnparked;
}
