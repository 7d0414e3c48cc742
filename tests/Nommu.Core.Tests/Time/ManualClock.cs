namespace Nommu.Core.Tests.Time;

/// <summary>A time that a test moves.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set.</summary>
    internal int Armed
    {
        get
        {
            lock (_lock)
                return _timers.Count(timer => timer.Due != long.MaxValue);
        }
    }

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(GetTimestamp());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (_lock)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    internal void Advance(TimeSpan by)
    {
        var target = GetTimestamp() + by.Ticks;
        while (Next(target) is { } timer)
            timer.Ring();
        Interlocked.Exchange(ref _ticks, target);
    }

    /// <summary>Waits, in real time, until somebody has set a timer.</summary>
    internal void WaitForTimer(int count = 1) => Assert.That(() => Armed, Is.GreaterThanOrEqualTo(count).After(20_000, 1));

    private ManualTimer? Next(long target)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
            if (next is null)
                return null;
            Interlocked.Exchange(ref _ticks, Math.Max(_ticks, next.Due));
            next.Due = long.MaxValue;
            return next;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        internal long Due { get; set; } = long.MaxValue;

        internal void Ring() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
                Due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.GetTimestamp() + dueTime.Ticks;
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
                clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
