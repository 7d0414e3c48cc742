using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>struct k_itimer</c> (timer_create(2)). Guarded by the task table's lock.</summary>
/// <remarks>As in Linux, a periodic timer rests from its signal's being sent until that is taken: then it learns how often it would have rung meanwhile, and goes on.</remarks>
internal sealed class PosixTimer : ISigqueueOwner
{
    private readonly GuestProcess _process;
    private readonly KernelClock _clock;
    private readonly KernelTimer _timer;
    private readonly ClockId _clockId;
    private readonly CpuClock? _cpu;
    private readonly Sigevent _event;
    private readonly GuestThread? _target;
    private readonly Sigqueue _signal;
    private long _deadline = MonotonicClock.Never;
    private long _interval;
    private bool _isReal;

    /// <summary>Its signal has been sent and not been taken yet.</summary>
    private bool _isResting;

    /// <summary>How often it would have rung while it rests, as far as somebody has looked.</summary>
    private long _missed;

    /// <summary>A timer that is off.</summary>
    /// <param name="process">Whose.</param>
    /// <param name="clockId">A clock that wakes.</param>
    /// <param name="cpu">The clock, where it is one of processor time.</param>
    /// <param name="notify">What happens when it rings.</param>
    /// <param name="target">The thread that gets the signal; null for any.</param>
    /// <param name="signal">The signal's place in a queue.</param>
    internal PosixTimer(GuestProcess process, ClockId clockId, CpuClock? cpu, Sigevent notify, GuestThread? target, Sigqueue signal)
    {
        (_process, _clockId, _cpu, _event, _target, _signal) = (process, clockId, cpu, notify, target, signal);
        (_signal.Owner, Value) = (this, notify.Value);
        _clock = process.Machine.Clock;
        _timer = new KernelTimer(_clock, static timer => ((PosixTimer)timer!).Ring(), this);
    }

    internal int Id { get; set; }

    /// <summary>Comes along with the signal.</summary>
    internal ulong Value { get; set; }

    /// <summary>timer_getoverrun(2): how often it had rung beyond once when its last signal was taken.</summary>
    internal int Overrun { get; private set; }

    internal TimerSetting Setting
    {
        get
        {
            if (_deadline == MonotonicClock.Never)
                return new(0, _interval);
            var now = Now;
            if (now < _deadline)
                return new(_deadline - now, _interval);
            // Nobody rings for it, or not before its signal is taken: it goes on as it is looked at.
            if (_event.Notify != Sigevent.SIGEV_NONE && !_isResting)
                return new(1, _interval);
            if (_interval == 0)
                return default;
            var next = TimerSetting.NextAfter(_deadline, _interval, now);
            _missed += next.Missed + 1;
            _deadline = next.Deadline;
            return new(_deadline - now, _interval);
        }
    }

    internal void Set(TimerSetting setting, bool absolute)
    {
        Withdraw();
        (_interval, Overrun) = (setting.Interval, 0);
        _isReal = absolute && _clockId is ClockId.CLOCK_REALTIME or ClockId.CLOCK_TAI;
        var now = Now;
        _deadline = setting.Value == 0 ? MonotonicClock.Never : absolute ? setting.Value : Later(now, setting.Value);
        // Linux forgets the interval of one that is switched off, save for processor time.
        if (setting.Value == 0 && _cpu is null)
            _interval = 0;
        Arm();
    }

    /// <summary>The time may have come nearer, or gone.</summary>
    internal void ClockWasSet()
    {
        if (_isReal)
            Arm();
    }

    /// <summary>For good: what it has sent is not delivered any more either.</summary>
    internal void Stop()
    {
        Withdraw();
        _deadline = MonotonicClock.Never;
        _timer.Close();
        _signal.GiveBack();
    }

    /// <inheritdoc/>
    public void Taken(ref Siginfo info)
    {
        info.Overrun = 0;
        if (!_isResting)
            return;
        _isResting = false;
        var now = Now;
        if (now >= _deadline)
        {
            var next = TimerSetting.NextAfter(_deadline, _interval, now);
            _missed += next.Missed + 1;
            _deadline = next.Deadline;
        }
        info.Overrun = Overrun = (int)Math.Min(_missed, int.MaxValue);
        Arm();
    }

    /// <summary>A signal of the time before is not delivered (Linux 6.13).</summary>
    private void Withdraw()
    {
        _signal.Queue?.Withdraw(_signal);
        (_isResting, _missed) = (false, 0);
    }

    private long Now => _cpu is { } cpu ? cpu.ReadLocked() : _isReal ? _clock.RealtimeNanoseconds : _clock.MonotonicNanoseconds;

    private void Arm()
    {
        if (_deadline == MonotonicClock.Never || _isResting || _event.Notify == Sigevent.SIGEV_NONE)
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
        if (_deadline == MonotonicClock.Never || _isResting)
            return;
        var now = Now;
        if (now < _deadline)
        {
            Arm(); // the clock was set back, or processor time has not been used
            return;
        }
        _signal.Info = new Siginfo { Signo = _event.Signal, Code = SigCode.SI_TIMER, TimerId = Id, Value = Value };
        if (_interval == 0)
        {
            _deadline = MonotonicClock.Never;
            _ = SignalGeneration.Send(_process, _target, _signal);
            return;
        }
        // The time it was due counts as rung; the next is looked for when the signal is taken.
        (_deadline, _missed, _isResting) = (Later(_deadline, _interval), 0, true);
        if (SignalGeneration.Send(_process, _target, _signal))
            return;
        // Ignored: it goes on, but not faster than the clock ticks.
        _isResting = false;
        _deadline = TimerSetting.NextAfter(_deadline, _interval, Later(now, GuestClocks.Tick)).Deadline;
        Arm();
    }

    private static long Later(long time, long by) => by > long.MaxValue - time ? long.MaxValue : time + by;
}
