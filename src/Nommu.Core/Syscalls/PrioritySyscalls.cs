using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>getpriority(2), setpriority(2), ioprio_get(2), ioprio_set(2). Kept and inherited; the host schedules as it does.</summary>
internal static class PrioritySyscalls
{
    /// <summary>The lowest priority is that of the nicest.</summary>
    internal const int Lowest = 19, Highest = -20;

    private const int ClassShift = 13, ClassMask = 7, ClassNone = 0, ClassRealtime = 1, ClassBestEffort = 2, ClassIdle = 3, Levels = 8;

    /// <summary>Answers 20 minus the best nice value, so that it is never negative.</summary>
    [Syscall(140, "getpriority")]
    internal static SyscallResult Getpriority(GuestThread thread, PriorityWhich which, int who)
    {
        if (which is < PriorityWhich.PRIO_PROCESS or > PriorityWhich.PRIO_USER)
            return Errno.EINVAL;
        long best = 0;
        lock (thread.Process.Tasks.Lock)
            ForEach(thread, which, who, target => best = Math.Max(best, 20 - target.Attributes.Nice));
        return best == 0 ? Errno.ESRCH : best;
    }

    [Syscall(141, "setpriority")]
    internal static SyscallResult Setpriority(GuestThread thread, PriorityWhich which, int who, int nice)
    {
        if (which is < PriorityWhich.PRIO_PROCESS or > PriorityWhich.PRIO_USER)
            return Errno.EINVAL;
        nice = Math.Clamp(nice, Highest, Lowest);
        var result = Errno.ESRCH;
        lock (thread.Process.Tasks.Lock)
        {
            ForEach(thread, which, who, target =>
            {
                var error = SetNice(thread, target, nice);
                if (error != Errno.None || result == Errno.ESRCH)
                    result = error;
            });
        }
        return result;
    }

    [Syscall(252, "ioprio_get")]
    internal static SyscallResult IoprioGet(GuestThread thread, int which, int who)
    {
        if (which is < 1 or > 3)
            return Errno.EINVAL;
        long best = -1;
        lock (thread.Process.Tasks.Lock)
        {
            ForEach(thread, (PriorityWhich)(which - 1), who, target =>
            {
                long own = target.Attributes.IoPriority;
                if (own == 0 && which != 1)
                    own = (ClassBestEffort << ClassShift) | (Levels / 2);
                best = best < 0 ? own : Math.Min(best, own);
            });
        }
        return best < 0 ? Errno.ESRCH : best;
    }

    [Syscall(251, "ioprio_set")]
    internal static SyscallResult IoprioSet(GuestThread thread, int which, int who, int priority)
    {
        // What stands above the level is a hint, and may be anything.
        var (kind, level) = ((priority >> ClassShift) & ClassMask, priority % Levels);
        var valid = kind is ClassRealtime or ClassBestEffort or ClassIdle || (kind == ClassNone && level == 0);
        if (!valid || which is < 1 or > 3)
            return Errno.EINVAL;
        if (kind == ClassRealtime && !thread.Credentials.Has(Capability.CAP_SYS_NICE) && !thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        var result = Errno.ESRCH;
        lock (thread.Process.Tasks.Lock)
        {
            ForEach(thread, (PriorityWhich)(which - 1), who, target =>
            {
                var allowed = SchedulingSyscalls.MayChange(thread, target);
                if (allowed)
                    target.Attributes.IoPriority = priority;
                if (!allowed || result == Errno.ESRCH)
                    result = allowed ? Errno.None : Errno.EPERM;
            });
        }
        return result;
    }

    /// <summary>Linux: <c>set_one_prio</c>. Only root makes a thread nicer to itself than RLIMIT_NICE says.</summary>
    private static Errno SetNice(GuestThread thread, GuestThread target, int nice)
    {
        if (!SchedulingSyscalls.MayChange(thread, target))
            return Errno.EPERM;
        if (nice < target.Attributes.Nice && !thread.Credentials.Has(Capability.CAP_SYS_NICE) && !SchedulingChange.IsWithinLimit(target, nice))
            return Errno.EACCES;
        target.Attributes.Nice = nice;
        return Errno.None;
    }

    /// <summary>With the task table's lock held.</summary>
    private static void ForEach(GuestThread thread, PriorityWhich which, int who, Action<GuestThread> action)
    {
        var tasks = thread.Process.Tasks;
        if (which == PriorityWhich.PRIO_PROCESS)
        {
            if ((who == 0 ? thread : tasks.FindThread(thread, who)) is { } one)
                action(one);
            return;
        }
        var user = who == 0 ? thread.Credentials.Uid : (uint)who;
        var group = who == 0 ? thread.Process.Group : tasks.FindGroup(who);
        foreach (var process in tasks.Processes)
        {
            foreach (var target in process.Threads)
            {
                if (which == PriorityWhich.PRIO_PGRP ? process.Group == group : target.Credentials.Uid == user)
                    action(target);
            }
        }
    }
}
