using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: <c>thread_group_cputime</c>. What processor time is known of, in nanoseconds.</summary>
/// <param name="User">Spent in the program.</param>
/// <param name="System">Spent in the kernel.</param>
/// <param name="ChildrenUser">The same of children that were waited for.</param>
/// <param name="ChildrenSystem">The same of children that were waited for.</param>
internal readonly record struct ProcessTimes(long User, long System, long ChildrenUser, long ChildrenSystem)
{
    /// <summary>Nanoseconds in a tick of USER_HZ, which is 100 everywhere.</summary>
    internal const long Tick = 10_000_000;

    /// <summary>Of a process, or of one thread. Under the task table's lock.</summary>
    internal static ProcessTimes Of(GuestProcess process, GuestThread? thread)
    {
        var own = thread?.CpuTime ?? process.CpuTime;
        var children = process.UsageOfChildren.Time;
        return new ProcessTimes(own.User, own.System, children.User, children.System);
    }

    /// <summary>Of everything that has run since boot.</summary>
    internal static ProcessTimes Total(Machine machine)
    {
        lock (machine.Tasks.Lock)
        {
            var sum = machine.Tasks.EndedTime;
            foreach (var process in machine.Tasks.Processes)
            {
                foreach (var thread in process.Threads)
                    sum += thread.CpuTime;
            }
            return new ProcessTimes(sum.User, sum.System, 0, 0);
        }
    }
}
