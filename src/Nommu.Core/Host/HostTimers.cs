namespace Nommu.Core.Host;

/// <summary>Timers by the host's own clock, exact to its futexes (they ring a tenth of a millisecond late) where those of .NET are a millisecond or two. One thread rings all of a kernel's; it ends when there has been nothing to ring for a while.</summary>
/// <remarks>A callback runs on that thread, without the lock: it must be short, and one that is under way still comes after its timer has been changed.</remarks>
internal sealed class HostTimers
{
    private const int StackSize = 256 << 10;
    private const long IdleNanoseconds = 500_000_000;

    private readonly Lock _lock = new();
    private readonly SortedSet<HostTimer> _due = new(Comparer<HostTimer>.Create(static (left, right) => left.CompareTo(right)));
    private readonly HostThreadPark _park = new();
    private readonly Func<long> _now;
    private bool _isAlive;
    private long _made;

    /// <param name="now">The host's monotonic time in nanoseconds.</param>
    internal HostTimers(Func<long> now) => _now = now;

    /// <summary>A timer that is off.</summary>
    internal ITimer Create(TimerCallback callback, object state) => new HostTimer(this, callback, state, Interlocked.Increment(ref _made));

    private bool Change(HostTimer timer, TimeSpan wait)
    {
        var deadline = wait == Timeout.InfiniteTimeSpan ? -1 : _now() + (wait.Ticks * TimeSpan.NanosecondsPerTick);
        lock (_lock)
        {
            if (timer.Deadline >= 0)
                _due.Remove(timer);
            timer.Deadline = deadline;
            if (deadline < 0)
                return true;
            _due.Add(timer);
            if (_due.Min != timer)
                return true;
            if (!_isAlive)
            {
                _isAlive = true;
                new Thread(Live, StackSize) { IsBackground = true, Name = "timers" }.Start();
                return true;
            }
        }
        _park.Unpark();
        return true;
    }

    private void Live()
    {
        var idle = false;
        while (true)
        {
            HostTimer? rings = null;
            var wait = IdleNanoseconds;
            lock (_lock)
            {
                if (_due.Min is { } first)
                {
                    wait = first.Deadline - _now();
                    if (wait <= 0)
                    {
                        _due.Remove(first);
                        first.Deadline = -1;
                        rings = first;
                    }
                }
                else if (idle)
                {
                    _isAlive = false;
                    return;
                }
                idle = _due.Count == 0 && rings is null;
            }
            if (rings is not null)
                rings.Ring();
            else if (_park.Park(wait))
                idle = false;
        }
    }

    private sealed class HostTimer(HostTimers timers, TimerCallback callback, object state, long number) : ITimer, IComparable<HostTimer>
    {
        /// <summary>Nanoseconds; -1 while it is off.</summary>
        internal long Deadline { get; set; } = -1;

        internal void Ring() => callback(state);

        /// <summary>It rings once.</summary>
        public bool Change(TimeSpan dueTime, TimeSpan period) => timers.Change(this, dueTime);

        public int CompareTo(HostTimer? other) => other is null ? 1 : (Deadline, number).CompareTo((other.Deadline, other.Number));

        private long Number => number;

        public void Dispose() => timers.Change(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
