using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Time;

/// <summary>Linux: <c>it_real_fn</c>: ITIMER_REAL, which is alarm(2) too. Guarded by the task table's lock.</summary>
internal sealed class RealTimer
{
    private readonly GuestProcess _process;
    private readonly KernelClock _clock;
    private readonly KernelTimer _timer;
    private long _deadline = MonotonicClock.Never;
    private long _interval;

    internal RealTimer(GuestProcess process)
    {
        _process = process;
        _clock = process.Machine.Clock;
        _timer = new KernelTimer(_clock, static timer => ((RealTimer)timer!).Ring(), this);
    }

    internal TimerSetting Setting =>
        _deadline == MonotonicClock.Never ? new(0, _interval) : new(Math.Max(1000, _deadline - _clock.MonotonicNanoseconds), _interval);

    internal void Set(TimerSetting setting)
    {
        Ring(); // it may be due and the host too busy to have said so: Linux would have rung by now
        _interval = setting.Value == 0 ? 0 : setting.Interval; // one of processor time keeps it while it is off
        _deadline = setting.Value == 0 ? MonotonicClock.Never : MonotonicClock.After(_clock.Provider, setting.Value);
        if (_deadline == MonotonicClock.Never)
            _timer.Stop();
        else if (!_timer.Set(_deadline))
            Ring();
    }

    internal void Stop()
    {
        _deadline = MonotonicClock.Never;
        _timer.Close();
    }

    private void Ring()
    {
        lock (_process.Tasks.Lock)
        {
            var now = _clock.MonotonicNanoseconds;
            if (_deadline == MonotonicClock.Never || now < _deadline)
                return; // set anew, or stopped, while this was under way
            if (_interval == 0)
                _deadline = MonotonicClock.Never;
            else
                _deadline = _timer.SetOnGrid(_deadline, _interval).Deadline;
            _ = SignalGeneration.Send(_process, Siginfo.FromKernel(Signal.SIGALRM));
        }
    }
}
