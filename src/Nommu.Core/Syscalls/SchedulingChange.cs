using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: what <c>__sched_setscheduler</c> is asked for, and its judgement.</summary>
/// <param name="Policy">The new policy; null for the one there is.</param>
/// <param name="Priority">0, or for the real-time policies 1 to <see cref="HighestPriority"/>.</param>
internal readonly record struct SchedulingChange(SchedPolicy? Policy, int Priority)
{
    internal const int HighestPriority = 99;

    /// <summary>Of a thread that has the deadline policy: it must say how much of how long it needs, so that sched_setscheduler(2) can't set it.</summary>
    internal bool HasDeadline { get; init; }

    /// <summary>-20 to 19; null for the one there is.</summary>
    internal int? Nice { get; init; }

    /// <summary>Children begin without what is real-time. Not looked at without a policy.</summary>
    internal bool ResetOnFork { get; init; }

    /// <summary>SCHED_FLAG_KEEP_PARAMS: judged, but only <see cref="ResetOnFork"/> is changed.</summary>
    internal bool KeepsParameters { get; init; }

    /// <summary>With the task table's lock held.</summary>
    /// <returns>EINVAL, EPERM; EBUSY for the deadline policy, since nobody here can promise processor time.</returns>
    internal Errno Apply(GuestThread caller, GuestThread target)
    {
        var own = target.Attributes;
        var policy = Policy ?? own.Policy;
        var reset = Policy is null ? own.ResetOnFork : ResetOnFork;
        var isDeadline = policy == SchedPolicy.SCHED_DEADLINE;
        if (!IsPolicy(policy) && !isDeadline)
            return Errno.EINVAL;
        if (Priority is < 0 or > HighestPriority || IsRealtime(policy) != (Priority != 0) || (isDeadline && !HasDeadline))
            return Errno.EINVAL;
        if (!caller.Credentials.Has(Capability.CAP_SYS_NICE) && (isDeadline || !IsAllowed(caller, target, policy, reset)))
            return Errno.EPERM;
        if (isDeadline)
            return Errno.EBUSY;
        own.ResetOnFork = reset;
        if (!KeepsParameters)
        {
            (own.Policy, own.RealtimePriority) = (policy, Priority);
            if (!IsRealtime(policy))
                own.Nice = Nice ?? own.Nice;
        }
        return Errno.None;
    }

    internal static bool IsRealtime(SchedPolicy policy) => policy is SchedPolicy.SCHED_FIFO or SchedPolicy.SCHED_RR;

    internal static bool IsPolicy(SchedPolicy policy) => IsRealtime(policy) || policy is SchedPolicy.SCHED_NORMAL or SchedPolicy.SCHED_BATCH or SchedPolicy.SCHED_IDLE;

    /// <summary>Linux: <c>is_nice_reduction</c>: down to this RLIMIT_NICE allows.</summary>
    internal static bool IsWithinLimit(GuestThread target, int nice) => (ulong)(20 - nice) <= target.Process.Limits[ResourceLimit.RLIMIT_NICE].Current;

    /// <summary>Linux: <c>user_check_sched_setscheduler</c>, for who is not root.</summary>
    private bool IsAllowed(GuestThread caller, GuestThread target, SchedPolicy policy, bool reset)
    {
        var own = target.Attributes;
        if (!IsRealtime(policy) && Nice is { } nice && nice < own.Nice && !IsWithinLimit(target, nice))
            return false;
        var limit = target.Process.Limits[ResourceLimit.RLIMIT_RTPRIO].Current;
        if (IsRealtime(policy) && ((policy != own.Policy && limit == 0) || (Priority > own.RealtimePriority && (ulong)Priority > limit)))
            return false;
        // Out of the idle policy is as good as less nice.
        if (own.Policy == SchedPolicy.SCHED_IDLE && policy != SchedPolicy.SCHED_IDLE && !IsWithinLimit(target, own.Nice))
            return false;
        return SchedulingSyscalls.MayChange(caller, target) && (!own.ResetOnFork || reset);
    }
}
