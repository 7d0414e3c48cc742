using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>What has been used: getrusage(2), times(2).</summary>
internal static class UsageSyscalls
{
    [Syscall(98, "getrusage")]
    internal static SyscallResult Getrusage(GuestThread thread, RusageWho who, [Out] UserPtr<Rusage> usage)
    {
        ResourceUsage sum;
        lock (thread.Process.Tasks.Lock)
        {
            thread.LearnSystemTime();
            switch (who)
            {
                case RusageWho.RUSAGE_SELF:
                    sum = thread.Process.Usage;
                    break;
                case RusageWho.RUSAGE_CHILDREN:
                    sum = thread.Process.UsageOfChildren;
                    break;
                case RusageWho.RUSAGE_THREAD:
                    sum = thread.Usage;
                    break;
                default:
                    return Errno.EINVAL;
            }
        }
        var result = sum.ToRusage();
        if (who != RusageWho.RUSAGE_CHILDREN)
            result.MaximumResidentSet = thread.Space.CountResident().Total * (long)(Arena.PageSize >> 10); // what is there now stands for the peak
        return thread.Memory.Write(usage, result);
    }

    /// <summary>Answers a clock whose beginning is nowhere said; here the monotonic one.</summary>
    [Syscall(100, "times")]
    internal static SyscallResult Times(GuestThread thread, [Out] UserPtr<Tms> times)
    {
        if (!times.IsNull)
        {
            CpuTime own, children;
            lock (thread.Process.Tasks.Lock)
            {
                thread.LearnSystemTime();
                (own, children) = (thread.Process.CpuTime, thread.Process.UsageOfChildren.Time);
            }
            if (thread.Memory.Write(times, new Tms(own.UserTicks, own.SystemTicks, children.UserTicks, children.SystemTicks)) is not Errno.None and var error)
                return error;
        }
        return thread.Clock.MonotonicNanoseconds / CpuTime.Tick;
    }
}
