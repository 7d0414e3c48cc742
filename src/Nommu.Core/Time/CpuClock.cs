using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Time;

/// <summary>Linux: posix-cpu-timers: a clock that shows the processor time of a thread or a process. Its number holds whose, negated (clock_getcpuclockid(3)).</summary>
internal readonly struct CpuClock
{
    private const int PerThread = 4, KindBits = 3, PidShift = 3;
    private const int Profile = 0, Virtual = 1, Exact = 2, OfDescriptor = 3;

    private readonly GuestProcess _process;
    private readonly GuestThread? _thread;
    private readonly int _kind;

    private CpuClock(GuestProcess process, GuestThread? thread, int kind) => (_process, _thread, _kind) = (process, thread, kind);

    internal long Resolution => _kind == Exact ? 1 : GuestClocks.Tick;

    internal GuestProcess Process => _process;

    /// <summary>The thread; null for a process's clock.</summary>
    internal GuestThread? Thread => _thread;

    /// <summary>Finds it. A thread's can be had within its process only.</summary>
    /// <returns>EINVAL where it is none, or its thread or process is not there.</returns>
    internal static Result<CpuClock> Find(GuestThread caller, ClockId id)
    {
        if (id == ClockId.CLOCK_PROCESS_CPUTIME_ID)
            return new CpuClock(caller.Process, null, Exact);
        if (id == ClockId.CLOCK_THREAD_CPUTIME_ID)
            return new CpuClock(caller.Process, caller, Exact);
        var number = (int)id;
        var kind = number & KindBits;
        if (number >= 0 || kind == OfDescriptor)
            return Errno.EINVAL;
        var pid = ~(number >> PidShift);
        var perThread = (number & PerThread) != 0;
        if (pid == 0)
            return new CpuClock(caller.Process, perThread ? caller : null, kind);
        lock (caller.Process.Tasks.Lock)
        {
            if (perThread)
                return FindThread(caller.Process, pid) is { } thread ? new CpuClock(caller.Process, thread, kind) : Errno.EINVAL;
            var process = pid == caller.Id ? caller.Process : caller.Process.Tasks.Find(pid);
            return process is null ? Errno.EINVAL : new CpuClock(process, null, kind);
        }
    }

    /// <summary>In nanoseconds.</summary>
    internal long Read()
    {
        lock (_process.Tasks.Lock)
            return ReadLocked();
    }

    /// <summary>With the task table's lock held.</summary>
    internal long ReadLocked() => _kind switch
    {
        Exact => _thread?.CpuNanoseconds ?? _process.CpuNanoseconds,
        Profile => (_thread?.CpuTime ?? _process.CpuTime).Total,
        Virtual => (_thread?.CpuTime ?? _process.CpuTime).User,
        _ => 0,
    };

    /// <summary>How long it takes at least until the clock shows a time: with every thread of the process running. With the task table's lock held.</summary>
    internal long SoonestLocked(long value) => Math.Max(0, value - ReadLocked()) / (_thread is null ? Math.Max(1, _process.Threads.Count) : 1);

    private static GuestThread? FindThread(GuestProcess process, int id)
    {
        foreach (var thread in process.Threads)
        {
            if (thread.Id == id)
                return thread;
        }
        return null;
    }
}
