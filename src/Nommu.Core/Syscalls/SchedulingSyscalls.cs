using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>sched(7): policies and parameters. They are kept and inherited as on Linux; the host schedules its threads, and it makes no difference between them.</summary>
internal static class SchedulingSyscalls
{
    [Syscall(24, "sched_yield")]
    internal static SyscallResult SchedYield(GuestThread thread)
    {
        _ = thread;
        Thread.Yield();
        return Errno.None;
    }

    [Syscall(145, "sched_getscheduler")]
    internal static SyscallResult SchedGetscheduler(GuestThread thread, int pid)
    {
        var found = Find(thread, pid);
        if (!found.TryGet(out var target))
            return found.Error;
        return (long)target.Attributes.Policy | (target.Attributes.ResetOnFork ? (long)SchedPolicy.SCHED_RESET_ON_FORK : 0);
    }

    [Syscall(144, "sched_setscheduler")]
    internal static SyscallResult SchedSetscheduler(GuestThread thread, int pid, SchedPolicy policy, UserPtr<int> priority) =>
        policy < 0 ? Errno.EINVAL : SetFrom(thread, pid, policy, priority);

    [Syscall(142, "sched_setparam")]
    internal static SyscallResult SchedSetparam(GuestThread thread, int pid, UserPtr<int> priority) => SetFrom(thread, pid, null, priority);

    [Syscall(143, "sched_getparam")]
    internal static SyscallResult SchedGetparam(GuestThread thread, int pid, [Out] UserPtr<int> priority)
    {
        if (priority.IsNull)
            return Errno.EINVAL;
        var found = Find(thread, pid);
        return found.TryGet(out var target) ? thread.Memory.Write(priority, target.Attributes.RealtimePriority) : found.Error;
    }

    [Syscall(146, "sched_get_priority_max")]
    internal static SyscallResult SchedGetPriorityMax(GuestThread thread, SchedPolicy policy)
    {
        _ = thread;
        return HasRange(policy) ? (SchedulingChange.IsRealtime(policy) ? SchedulingChange.HighestPriority : 0) : Errno.EINVAL;
    }

    [Syscall(147, "sched_get_priority_min")]
    internal static SyscallResult SchedGetPriorityMin(GuestThread thread, SchedPolicy policy)
    {
        _ = thread;
        return HasRange(policy) ? (SchedulingChange.IsRealtime(policy) ? 1 : 0) : Errno.EINVAL;
    }

    /// <summary>Linux's default of 100 ms for the one policy that has a fixed slice, and what a tick would give the normal ones.</summary>
    [Syscall(148, "sched_rr_get_interval")]
    internal static SyscallResult SchedRrGetInterval(GuestThread thread, int pid, [Out] UserPtr<Timespec> interval)
    {
        var found = Find(thread, pid);
        if (!found.TryGet(out var target))
            return found.Error;
        var slice = target.Attributes.Policy switch
        {
            SchedPolicy.SCHED_RR => 100_000_000,
            SchedPolicy.SCHED_FIFO => 0,
            _ => GuestClocks.Tick,
        };
        return thread.Memory.Write(interval, new Timespec(0, slice));
    }

    internal static Result<GuestThread> Find(GuestThread thread, int pid, Errno forNegative = Errno.EINVAL)
    {
        if (pid < 0)
            return forNegative;
        if (pid == 0)
            return thread;
        lock (thread.Process.Tasks.Lock)
            return thread.Process.Tasks.FindThread(thread, pid) is { } target ? target : Errno.ESRCH;
    }

    /// <summary>Linux: <c>check_same_owner</c>.</summary>
    internal static bool MayChange(GuestThread caller, GuestThread target) =>
        caller.Credentials.Has(Capability.CAP_SYS_NICE) || caller.Credentials.Euid == target.Credentials.Euid || caller.Credentials.Euid == target.Credentials.Uid;

    private static Errno SetFrom(GuestThread thread, int pid, SchedPolicy? policy, UserPtr<int> address)
    {
        if (address.IsNull || pid < 0)
            return Errno.EINVAL;
        if (thread.Memory.Read(address, out var priority) is not Errno.None and var error)
            return error;
        var found = Find(thread, pid);
        if (!found.TryGet(out var target))
            return found.Error;
        var change = new SchedulingChange(policy & ~SchedPolicy.SCHED_RESET_ON_FORK, priority) { ResetOnFork = policy is { } some && (some & SchedPolicy.SCHED_RESET_ON_FORK) != 0 };
        lock (thread.Process.Tasks.Lock)
            return change.Apply(thread, target);
    }

    /// <summary>Two more have a range than can be set here.</summary>
    private static bool HasRange(SchedPolicy policy) => SchedulingChange.IsPolicy(policy) || policy is SchedPolicy.SCHED_DEADLINE or SchedPolicy.SCHED_EXT;
}
