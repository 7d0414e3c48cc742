namespace Nommu.Core.Time;

/// <summary>Linux: <c>struct hrtimer</c> on CLOCK_MONOTONIC. Calls back once, when its time has come and not before. Differs: as exact as <see cref="KernelClock.CreateTimer"/>.</summary>
/// <remarks>The callback runs without the timer's lock, which is a leaf; one that was under way when the timer was set anew or stopped still comes, so its receiver looks at the time again.</remarks>
internal sealed class KernelTimer
{
    /// <summary>A timer of .NET takes no more than 49 days.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private const long SetMargin = 100_000;

    private readonly Lock _lock = new();
    private readonly KernelClock _clock;
    private readonly Action<object?> _ring;
    private readonly object? _state;
    private readonly ITimer _timer;
    private long _deadline = MonotonicClock.Never;
    private bool _disposed;

    internal KernelTimer(KernelClock clock, Action<object?> ring, object? state)
    {
        (_clock, _ring, _state) = (clock, ring, state);
        _timer = clock.CreateTimer(static timer => ((KernelTimer)timer!).Tick(), this);
    }

    /// <summary>Rings at a time.</summary>
    /// <param name="deadline">Monotonic nanoseconds.</param>
    /// <returns>False where that has come already: it does not ring then.</returns>
    internal bool Set(long deadline)
    {
        lock (_lock)
        {
            if (_disposed)
                return false;
            _deadline = deadline;
            if (Arm())
                return true;
            _deadline = MonotonicClock.Never;
            return false;
        }
    }

    /// <summary>Rings at the next time of a grid that is still to come; a grid too fine to be met is met where it can be.</summary>
    /// <param name="deadline">A time of the grid, not later than now.</param>
    /// <param name="interval">Between two of them, more than 0.</param>
    /// <returns>The time, and how many were missed.</returns>
    internal (long Deadline, long Missed) SetOnGrid(long deadline, long interval)
    {
        var next = TimerSetting.NextAfter(deadline, interval, _clock.MonotonicNanoseconds);
        while (!Set(next.Deadline))
            next = TimerSetting.NextAfter(deadline, interval, _clock.MonotonicNanoseconds + SetMargin);
        return next;
    }

    /// <summary>Does not ring any more.</summary>
    internal void Stop()
    {
        lock (_lock)
            _deadline = MonotonicClock.Never;
    }

    /// <summary>Gives the host's timer back; it rings no more, whatever it is told.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _disposed = true;
            _deadline = MonotonicClock.Never;
        }
        _timer.Dispose();
    }

    /// <summary>The time may move while the timer is being set, which would then ring late: so it is set again. A clock that runs by itself is never quite the same, hence the limit.</summary>
    private bool Arm()
    {
        for (var tries = 0; tries < 3; tries++)
        {
            var now = _clock.MonotonicNanoseconds;
            if (_deadline - now <= 0)
                return false;
            var wait = _clock.Until(_deadline);
            _ = _timer.Change(wait < Longest ? wait : Longest, Timeout.InfiniteTimeSpan);
            if (_clock.IsSystem || _clock.MonotonicNanoseconds == now)
                return true;
        }
        return _deadline - _clock.MonotonicNanoseconds > 0;
    }

    private void Tick()
    {
        lock (_lock)
        {
            if (_deadline == MonotonicClock.Never || Arm())
                return;
            _deadline = MonotonicClock.Never;
        }
        _ring(_state);
    }
}
