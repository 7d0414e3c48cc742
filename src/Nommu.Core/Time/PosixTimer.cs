using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>struct k_itimer</c> (timer_create(2)). Guarded by the task table's lock.</summary>
internal sealed class PosixTimer
{
    private readonly GuestProcess _process;
    private readonly KernelClock _clock;
    private readonly KernelTimer _timer;
    private readonly ClockId _clockId;
    private readonly CpuClock? _cpu;
    private readonly Sigevent _event;
    private readonly GuestThread? _target;
    private long _deadline = MonotonicClock.Never;
    private long _interval;
    private bool _isReal;

    /// <summary>A timer that is off.</summary>
    /// <param name="process">Whose.</param>
    /// <param name="clockId">A clock that wakes.</param>
    /// <param name="cpu">The clock, where it is one of processor time.</param>
    /// <param name="notify">What happens when it rings.</param>
    /// <param name="target">The thread that gets the signal; null for any.</param>
    internal PosixTimer(GuestProcess process, ClockId clockId, CpuClock? cpu, Sigevent notify, GuestThread? target)
    {
        (_process, _clockId, _cpu, _event, _target) = (process, clockId, cpu, notify, target);
        Value = notify.Value;
        _clock = process.Machine.Clock;
        _timer = new KernelTimer(_clock, static timer => ((PosixTimer)timer!).Ring(), this);
    }

    internal int Id { get; set; }

    /// <summary>Comes along with the signal.</summary>
    internal ulong Value { get; set; }

    /// <summary>timer_getoverrun(2): how often it had rung beyond once when its last signal was sent.</summary>
    internal int Overrun { get; private set; }

    internal TimerSetting Setting
    {
        get
        {
            if (_deadline == MonotonicClock.Never)
                return new(0, _interval);
            var now = Now;
            if (now >= _deadline && _event.Notify == Sigevent.SIGEV_NONE)
            {
                // Nobody rings for it: it goes on as it is looked at.
                if (_interval == 0)
                    return default;
                _deadline = TimerSetting.NextAfter(_deadline, _interval, now).Deadline;
            }
            return new(Math.Max(1, _deadline - now), _interval);
        }
    }

    internal void Set(TimerSetting setting, bool absolute)
    {
        (_interval, Overrun) = (setting.Interval, 0);
        _isReal = absolute && _clockId is ClockId.CLOCK_REALTIME or ClockId.CLOCK_TAI;
        var now = Now;
        _deadline = setting.Value == 0 ? MonotonicClock.Never : absolute ? setting.Value : setting.Value > long.MaxValue - now ? long.MaxValue : now + setting.Value;
        Arm();
    }

    /// <summary>The time may have come nearer, or gone.</summary>
    internal void ClockWasSet()
    {
        if (_isReal)
            Arm();
    }

    internal void Stop()
    {
        _deadline = MonotonicClock.Never;
        _timer.Close();
    }

    private long Now => _cpu is { } cpu ? cpu.ReadLocked() : _isReal ? _clock.RealtimeNanoseconds : _clock.MonotonicNanoseconds;

    private void Arm()
    {
        if (_deadline == MonotonicClock.Never || _event.Notify == Sigevent.SIGEV_NONE)
            _timer.Stop();
        else if (!_timer.Set(SoonestMonotonic()))
            RingLocked();
    }

    private long SoonestMonotonic()
    {
        if (_cpu is { } cpu)
            return cpu.SoonestLocked(_deadline) is > 0 and var wait ? MonotonicClock.After(_clock.Provider, Math.Max(wait, GuestClocks.Tick)) : 0;
        return _isReal ? _clock.MonotonicOf(_deadline) : _deadline;
    }

    private void Ring()
    {
        lock (_process.Tasks.Lock)
            RingLocked();
    }

    private void RingLocked()
    {
        if (_deadline == MonotonicClock.Never)
            return;
        var now = Now;
        if (now < _deadline)
        {
            Arm(); // the clock was set back, or processor time has not been used
            return;
        }
        var missed = 0L;
        if (_interval == 0)
        {
            _deadline = MonotonicClock.Never;
        }
        else
        {
            (_deadline, missed) = TimerSetting.NextAfter(_deadline, _interval, now);
            // A time that is gone already rings a little later, with what it has missed.
            for (var isSet = _timer.Set(SoonestMonotonic()); !isSet;)
                isSet = _timer.Set(_clock.MonotonicNanoseconds + GuestClocks.Tick);
        }
        Notify((int)Math.Min(missed, int.MaxValue));
    }

    private void Notify(int missed)
    {
        var pending = _target?.Signals.Pending ?? _process.Signals.Pending;
        var overrun = pending.AddOverrun(Id, missed == int.MaxValue ? missed : missed + 1);
        Overrun = overrun >= 0 ? overrun : missed;
        if (overrun >= 0)
            return;
        var info = new Siginfo { Signo = _event.Signal, Code = SigCode.SI_TIMER, TimerId = Id, Overrun = missed, Value = Value };
        _ = _target is { } thread ? SignalGeneration.Send(thread, info) : SignalGeneration.Send(_process, info);
    }
}
