namespace Nommu.Core.Processes;

/// <summary>Linux: <c>thread_group_cputime</c>, and the sums that <c>wait_task_zombie</c> keeps. With the task table's lock held.</summary>
public sealed partial class GuestProcess
{
    private ResourceUsage _usageOfEnded;

    /// <summary>What children that have been waited for had used, with theirs.</summary>
    internal ResourceUsage UsageOfChildren { get; private set; }

    /// <summary>All its threads, those that have ended too.</summary>
    internal CpuTime CpuTime => Usage.Time;

    internal ResourceUsage Usage
    {
        get
        {
            var sum = _usageOfEnded;
            foreach (var thread in Threads)
                sum += thread.Usage;
            return sum;
        }
    }

    /// <summary>CLOCK_PROCESS_CPUTIME_ID.</summary>
    internal long CpuNanoseconds
    {
        get
        {
            var sum = _usageOfEnded.Time.Total;
            foreach (var thread in Threads)
                sum += thread.CpuNanoseconds;
            return sum;
        }
    }

    /// <summary>A thread is about to leave the list.</summary>
    internal void AccountEndedThread(GuestThread thread)
    {
        var usage = thread.Usage;
        _usageOfEnded += usage;
        _tasks.EndedTime += usage.Time;
    }

    /// <summary>A child has been waited for.</summary>
    internal void AccountReapedChild(GuestProcess child) => UsageOfChildren += child.Usage + child.UsageOfChildren;
}
