using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Fs.Timerfd;

/// <summary>Linux: <c>struct timerfd_ctx</c> with its file (timerfd_create(2)): how often a timer has run out, as a number to read.</summary>
/// <remarks>Expirations are counted when somebody looks. The host's timer only wakes who waits, once until the count has been read, as Linux restarts its own.</remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The last reference disposes of the timer in Close.")]
internal sealed class TimerfdFile : FileDescription
{
    private const long Off = long.MinValue;

    /// <summary>A timer of .NET takes no more than 49 days; one that rings early is set again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private readonly Lock _lock = new();
    private readonly WaitQueue _expired = new();
    private readonly KernelClock _clock;
    private readonly ClockId _id;
    private readonly bool _isRealtime;
    private readonly ITimer _timer;
    private long _next = Off;
    private long _interval;
    private ulong _count;
    private TimerfdFlags _flags;
    private bool _cancelOnSet;
    private long _realtimeOffset;
    private long _armedOffset;

    internal TimerfdFile(FsPath path, OpenFlags flags, KernelClock clock, ClockId id) : base(path, OpenFlags.O_RDWR | flags)
    {
        (_clock, _id, _isRealtime) = (clock, id, id is ClockId.CLOCK_REALTIME or ClockId.CLOCK_REALTIME_ALARM);
        _timer = clock.CreateTimer(static file => ((TimerfdFile)file!).Ring(), this);
    }

    private long Now => _isRealtime ? _clock.RealtimeNanoseconds : IsBootTime ? _clock.ReadHost((int)ClockId.CLOCK_BOOTTIME) ?? _clock.MonotonicNanoseconds : _clock.MonotonicNanoseconds;

    private bool IsBootTime => _id is ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_BOOTTIME_ALARM;

    /// <summary>timerfd_settime(2), with checked times. What has been counted is forgotten.</summary>
    /// <returns>What was set before; ECANCELED where the clock was set and nobody has been told by a read, though the timer is set then, too.</returns>
    internal Result<Itimerspec> Set(in Itimerspec value, TimerfdFlags flags)
    {
        Itimerspec old;
        bool wasCanceled;
        var isAbsolute = (flags & TimerfdFlags.TFD_TIMER_ABSTIME) != 0;
        lock (_lock)
        {
            old = Remaining();
            wasCanceled = WasCanceled();
            _count = 0;
            _interval = KernelClock.ToNanoseconds(value.Interval);
            _flags = flags;
            _cancelOnSet = (flags & TimerfdFlags.TFD_TIMER_CANCEL_ON_SET) != 0 && isAbsolute && _isRealtime;
            _realtimeOffset = _clock.RealtimeOffset;
            var time = KernelClock.ToNanoseconds(value.Value);
            _next = value.Value == default ? Off : isAbsolute ? time : AddSaturating(Now, time);
            Arm();
            wasCanceled &= _cancelOnSet;
        }
        return wasCanceled ? Errno.ECANCELED : old;
    }

    /// <summary>timerfd_gettime(2).</summary>
    internal Itimerspec Get()
    {
        lock (_lock)
            return Remaining();
    }

    /// <inheritdoc/>
    /// <returns>ECANCELED where the clock was set and the timer is to tell of it.</returns>
    public override Result<long> Read(ref IoVector to)
    {
        if (to.Remaining < sizeof(ulong))
            return Errno.EINVAL;
        ulong taken;
        lock (_lock)
        {
            if (WasCanceled())
            {
                _realtimeOffset = _clock.RealtimeOffset;
                _count = 0;
                return Errno.ECANCELED;
            }
            Advance();
            RearmAfterSet();
            if (_count == 0)
                return Errno.EAGAIN;
            taken = _count;
            _count = 0;
            Arm();
        }
        return to.CopyTo(MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in taken))) == sizeof(ulong) ? sizeof(ulong) : Errno.EFAULT;
    }

    /// <inheritdoc/>
    /// <remarks>Linux: <c>noop_llseek</c>.</remarks>
    public override Result<long> Seek(long offset, SeekWhence whence) => 0;

    /// <inheritdoc/>
    public override PollEvents Poll(PollTable? table)
    {
        table?.Add(_expired);
        if (_isRealtime)
            table?.Add(_clock.WasSet);
        lock (_lock)
        {
            Advance();
            RearmAfterSet();
            return _count > 0 || WasCanceled() ? PollEvents.POLLIN : PollEvents.None;
        }
    }

    /// <inheritdoc/>
    /// <remarks>TFD_IOC_SET_TICKS, for who restores a process that was saved; it is not for making 0 of them.</remarks>
    public override Result<long> Ioctl(in IoctlRequest request)
    {
        if (request.Request != (uint)IoctlNumber.TFD_IOC_SET_TICKS)
            return Errno.ENOTTY;
        if (request.Memory.Read(new UserPtr<ulong>(request.Argument), out var ticks) != Errno.None)
            return Errno.EFAULT;
        if (ticks == 0)
            return Errno.EINVAL;
        lock (_lock)
        {
            if (WasCanceled())
                return Errno.ECANCELED;
            _count = ticks;
        }
        _expired.Wake();
        return 0;
    }

    /// <inheritdoc/>
    internal override void ShowInfo(SeqText text)
    {
        lock (_lock)
        {
            var times = Remaining();
            text.Add($"clockid: {(int)_id}\nticks: {_count}\nsettime flags: {Convert.ToString((int)_flags, 8).PadLeft(2, '0')}\n");
            text.Add($"it_value: ({times.Value.Seconds}, {times.Value.Nanoseconds})\nit_interval: ({times.Interval.Seconds}, {times.Interval.Nanoseconds})\n");
        }
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        lock (_lock)
            _next = Off;
        _timer.Dispose();
    }

    private static long AddSaturating(long left, long right) => right > long.MaxValue - left ? long.MaxValue : left + right;

    private bool WasCanceled() => _cancelOnSet && _realtimeOffset != _clock.RealtimeOffset;

    /// <summary>The clock may have been set, and with it how long it is until the time comes.</summary>
    private void RearmAfterSet()
    {
        if (_isRealtime && _count == 0 && _armedOffset != _clock.RealtimeOffset)
            Arm();
    }

    private Itimerspec Remaining()
    {
        Advance();
        var left = _next == Off ? 0 : Math.Max(1, _next - Now);
        return new Itimerspec(KernelClock.ToTimespec(_interval), KernelClock.ToTimespec(left));
    }

    private void Advance()
    {
        if (_next == Off)
            return;
        var late = Now - _next;
        if (late < 0)
            return;
        if (_interval == 0)
        {
            _count++;
            _next = Off;
            return;
        }
        var periods = (late / _interval) + 1;
        _count += (ulong)periods;
        _next += periods * _interval;
    }

    /// <summary>Rings when the time comes, at once where it has come.</summary>
    private void Arm()
    {
        if (_next == Off)
            return;
        _armedOffset = _clock.RealtimeOffset;
        var wait = TimeSpan.FromTicks((Math.Max(0, _next - Now) + 99) / 100);
        _ = _timer.Change(wait < Longest ? wait : Longest, Timeout.InfiniteTimeSpan);
    }

    private void Ring()
    {
        lock (_lock)
        {
            Advance();
            if (_count == 0)
            {
                Arm();
                return;
            }
        }
        _expired.Wake();
    }
}
