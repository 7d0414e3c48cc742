using Nommu.Core.Abi;

namespace Nommu.Core.Processes;

/// <summary>What it may use.</summary>
public sealed partial class GuestProcess
{
    /// <summary>Its limits.</summary>
    internal ResourceLimits Limits { get; private set; } = new();

    /// <summary>RLIMIT_STACK, from which the limit on a program's arguments follows.</summary>
    internal ulong StackLimit => Limits[ResourceLimit.RLIMIT_STACK].Current;

    /// <summary>Changes a limit, and tells who enforces it. With the task table's lock held.</summary>
    internal Errno SetLimit(ResourceLimit resource, Rlimit limit, bool isPrivileged)
    {
        var error = Limits.Set(resource, limit, isPrivileged);
        if (error != Errno.None)
            return error;
        if (resource == ResourceLimit.RLIMIT_NOFILE)
        {
            foreach (var thread in Threads)
                thread.Files.Limit = (int)limit.Current; // at most 2^20
        }
        if (resource == ResourceLimit.RLIMIT_CPU)
            Timers.LimitChanged(limit);
        return Errno.None;
    }
}
