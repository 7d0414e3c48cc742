using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>Linux: the members of <c>task_struct</c> that prctl(2), personality(2) and sched(7) set. Each thread has its own and writes them itself, but for what others may schedule.</summary>
internal sealed class TaskAttributes
{
    internal const long DefaultTimerSlack = 50_000;

    /// <summary>prctl(PR_SET_PDEATHSIG); 0 for none.</summary>
    internal int ParentDeathSignal { get; set; }

    /// <summary>prctl(PR_SET_NO_NEW_PRIVS): never taken back.</summary>
    internal bool NoNewPrivileges { get; set; }

    /// <summary>prctl(PR_SET_TIMERSLACK), nanoseconds.</summary>
    internal long TimerSlack { get; set; } = DefaultTimerSlack;

    /// <summary>personality(2).</summary>
    internal Personality Personality { get; set; }

    /// <summary>Linux: PF_NPROC_EXCEEDED: it has become a user with too many processes, which execve(2) looks at.</summary>
    internal bool HasExceededProcesses { get; set; }

    /// <summary>-20 to 19 (setpriority(2)).</summary>
    internal int Nice { get; set; }

    /// <summary>sched_setscheduler(2).</summary>
    internal SchedPolicy Policy { get; set; }

    /// <summary>1 to 99 for the real-time policies, else 0.</summary>
    internal int RealtimePriority { get; set; }

    /// <summary>Children begin with the normal policy.</summary>
    internal bool ResetOnFork { get; set; }

    /// <summary>sched_setaffinity(2): a bit for each processor it may use; empty for all. Never changed in place.</summary>
    internal ulong[] Affinity { get; set; } = [];

    /// <summary>ioprio_set(2): class and level; 0 for what follows from <see cref="Nice"/>.</summary>
    internal int IoPriority { get; set; }

    /// <summary>For a child or a thread: all but what is the maker's alone.</summary>
    internal TaskAttributes ForChild()
    {
        var child = (TaskAttributes)MemberwiseClone();
        child.ParentDeathSignal = 0;
        child.HasExceededProcesses = false;
        if (ResetOnFork)
        {
            child.ResetOnFork = false;
            if (RealtimePriority != 0)
                (child.Policy, child.RealtimePriority, child.Nice) = (SchedPolicy.SCHED_NORMAL, 0, 0);
            child.Nice = Math.Max(child.Nice, 0);
        }
        return child;
    }
}
