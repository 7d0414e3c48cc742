using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Time;

/// <summary>Linux: the timers of <c>signal_struct</c>: those of setitimer(2), of timer_create(2), and RLIMIT_CPU. Guarded by the task table's lock.</summary>
internal sealed class ProcessTimers(GuestProcess process)
{
    private const int MostTimers = 4096;

    private RealTimer? _real;
    private CpuTimers? _cpu;
    private PosixTimer?[]? _posix;

    /// <summary>Linux: <c>do_getitimer</c>.</summary>
    internal TimerSetting Get(ItimerWhich which) => which switch
    {
        ItimerWhich.ITIMER_REAL => _real?.Setting ?? default,
        ItimerWhich.ITIMER_VIRTUAL => _cpu?.Virtual.Setting ?? default,
        _ => _cpu?.Profile.Setting ?? default,
    };

    /// <summary>Linux: <c>do_setitimer</c>.</summary>
    /// <returns>What was set.</returns>
    internal TimerSetting Set(ItimerWhich which, TimerSetting setting)
    {
        var old = Get(which);
        switch (which)
        {
            case ItimerWhich.ITIMER_REAL:
                if (_real is not null || setting.Value != 0)
                    (_real ??= new RealTimer(process)).Set(setting);
                break;
            case ItimerWhich.ITIMER_VIRTUAL:
                if (_cpu is not null || setting.Value != 0)
                    Cpu.Set(Cpu.Virtual, setting);
                break;
            default:
                if (_cpu is not null || setting.Value != 0)
                    Cpu.Set(Cpu.Profile, setting);
                break;
        }
        return old;
    }

    /// <summary>RLIMIT_CPU is another, or is a child's from the beginning.</summary>
    internal void LimitChanged(Rlimit limit)
    {
        if (_cpu is not null || limit.Current != Rlimit.RLIM_INFINITY)
            Cpu.SetLimit(limit);
    }

    /// <summary>Linux: <c>posix_timer_add</c>.</summary>
    /// <returns>The timer's number; EAGAIN where there are too many.</returns>
    internal Result<int> Add(PosixTimer timer)
    {
        _posix ??= new PosixTimer?[4];
        var free = Array.IndexOf(_posix, null);
        if (free < 0)
        {
            if (_posix.Length >= MostTimers)
                return Errno.EAGAIN;
            free = _posix.Length;
            Array.Resize(ref _posix, free * 2);
        }
        timer.Id = free;
        _posix[free] = timer;
        return free;
    }

    internal PosixTimer? Find(int id) => _posix is { } timers && (uint)id < (uint)timers.Length ? timers[id] : null;

    internal void Remove(PosixTimer timer)
    {
        timer.Stop();
        _posix![timer.Id] = null;
    }

    /// <summary>Linux: <c>clock_was_set</c>.</summary>
    internal void ClockWasSet()
    {
        foreach (var timer in _posix ?? [])
            timer?.ClockWasSet();
    }

    /// <summary>execve(2) keeps the timers of setitimer(2).</summary>
    internal void ResetForExec()
    {
        foreach (var timer in _posix ?? [])
            timer?.Stop();
        _posix = null;
    }

    /// <summary>The process ends.</summary>
    internal void StopAll()
    {
        ResetForExec();
        _real?.Stop();
        _cpu?.Stop();
        (_real, _cpu) = (null, null);
    }

    private CpuTimers Cpu => _cpu ??= new CpuTimers(process);
}
