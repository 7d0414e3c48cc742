using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>check_process_timers</c>: ITIMER_VIRTUAL, ITIMER_PROF and RLIMIT_CPU. Differs: no tick looks at them; where one is set, a timer comes when the time could be used up at the earliest. Guarded by the task table's lock.</summary>
internal sealed class CpuTimers
{
    private const long NanosecondsPerSecond = KernelClock.NanosecondsPerSecond;

    /// <summary>A process that does not run is looked at less and less often.</summary>
    private const long RarestLook = 16 * GuestClocks.Tick;

    private readonly GuestProcess _process;
    private readonly KernelClock _clock;
    private readonly KernelTimer _timer;
    private Rlimit _limit = Rlimit.Unlimited;
    private long _lastTotal;
    private long _pause = GuestClocks.Tick;

    internal CpuTimers(GuestProcess process)
    {
        _process = process;
        _clock = process.Machine.Clock;
        _timer = new KernelTimer(_clock, static timers => ((CpuTimers)timers!).Look(), this);
        Virtual = new CpuTimer(process, Signal.SIGVTALRM, isUser: true);
        Profile = new CpuTimer(process, Signal.SIGPROF, isUser: false);
    }

    internal CpuTimer Virtual { get; }

    internal CpuTimer Profile { get; }

    internal void Set(CpuTimer timer, TimerSetting setting)
    {
        timer.Set(setting);
        _pause = GuestClocks.Tick;
        Arm();
    }

    internal void SetLimit(Rlimit limit)
    {
        _limit = limit;
        Arm();
    }

    internal void Stop() => _timer.Close();

    private void Look()
    {
        lock (_process.Tasks.Lock)
        {
            if (_process.State == ProcessState.Zombie)
                return;
            Virtual.Check();
            Profile.Check();
            CheckLimit();
            var total = _process.CpuNanoseconds;
            _pause = total == _lastTotal ? Math.Min(_pause * 2, RarestLook) : GuestClocks.Tick;
            _lastTotal = total;
            Arm();
        }
    }

    /// <summary>SIGXCPU at the soft limit and every second after it, SIGKILL at the hard one.</summary>
    private void CheckLimit()
    {
        var seconds = (ulong)(_process.CpuNanoseconds / NanosecondsPerSecond);
        if (seconds >= _limit.Maximum)
        {
            _ = SignalGeneration.Send(_process, Siginfo.FromKernel(Signal.SIGKILL));
        }
        else if (seconds >= _limit.Current)
        {
            _ = SignalGeneration.Send(_process, Siginfo.FromKernel(Signal.SIGXCPU));
            _limit = _limit with { Current = seconds + 1 };
        }
    }

    private void Arm()
    {
        var left = Math.Min(Math.Min(Virtual.Left, Profile.Left), LimitLeft());
        if (left == long.MaxValue)
        {
            _timer.Stop();
            return;
        }
        // On a busy host the time may have come before the timer is set, which then would never ring.
        while (!_timer.Set(MonotonicClock.After(_clock.Provider, Math.Max(left / Math.Max(1, _process.Threads.Count), _pause))))
        {
        }
    }

    private long LimitLeft()
    {
        var seconds = Math.Min(_limit.Current, _limit.Maximum);
        return seconds >= long.MaxValue / NanosecondsPerSecond ? long.MaxValue : Math.Max(0, ((long)seconds * NanosecondsPerSecond) - _process.CpuNanoseconds);
    }
}

/// <summary>Linux: <c>struct cpu_itimer</c>. Guarded by the task table's lock.</summary>
internal sealed class CpuTimer(GuestProcess process, Signal signal, bool isUser)
{
    private long _deadline;
    private long _interval;

    /// <summary>Processor time until it rings; the longest where it is off.</summary>
    internal long Left => _deadline == 0 ? long.MaxValue : Math.Max(0, _deadline - Now);

    internal TimerSetting Setting => _deadline == 0 ? new(0, _interval) : new(Math.Max(1000, _deadline - Now), _interval);

    internal void Set(TimerSetting setting)
    {
        _interval = setting.Interval;
        var now = Now;
        _deadline = setting.Value == 0 ? 0 : setting.Value > long.MaxValue - now ? long.MaxValue : now + setting.Value;
    }

    internal void Check()
    {
        var now = Now;
        if (_deadline == 0 || now < _deadline)
            return;
        _deadline = _interval == 0 ? 0 : TimerSetting.NextAfter(_deadline, _interval, now).Deadline;
        _ = SignalGeneration.Send(process, Siginfo.FromKernel(signal));
    }

    private long Now => isUser ? process.CpuTime.User : process.CpuNanoseconds;
}
