using Nommu.Core.Abi;
using static Nommu.Core.Abi.SystemCallNumber;

namespace Nommu.Core.Tests.Time;

public sealed class TimerTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly TimeMachine _machine;

    public TimerTests() => _machine = new TimeMachine(_clock);

    public void Dispose() => _machine.Dispose();

    private Signal? Taken => _machine.Take(_machine.Main)?.Signal;

    [Test]
    public void AnAlarmRingsOnceAndSaysWhatWasLeft()
    {
        Assert.That(_machine.Call(alarm, 10).Value, Is.Zero);
        _clock.Advance(TimeSpan.FromSeconds(2.4));
        Assert.That(_machine.Call(alarm, 5).Value, Is.EqualTo(8));
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.That(Taken, Is.Null);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That(Taken, Is.EqualTo(Signal.SIGALRM));
        _clock.Advance(TimeSpan.FromSeconds(100));
        Assert.That((Taken, _machine.Call(alarm, 0).Value), Is.EqualTo(((Signal?)null, 0L)));
    }

    [Test]
    public void AnIntervalTimerStaysOnItsGrid()
    {
        Assert.That(_machine.Call(setitimer, 0, _machine.Place(new Itimerval(new(1, 0), new(0, 500_000))).Address).Value, Is.Zero);
        foreach (var step in new[] { 0.5, 1.0, 1.0 })
        {
            _clock.Advance(TimeSpan.FromSeconds(step));
            Assert.That(Taken, Is.EqualTo(Signal.SIGALRM));
        }
        _clock.Advance(TimeSpan.FromSeconds(0.25));
        var now = _machine.Place<Itimerval>();
        Assert.That(_machine.Call(getitimer, 0, now.Address).Value, Is.Zero);
        Assert.That(_machine.Read(now), Is.EqualTo(new Itimerval(new(1, 0), new(0, 750_000))));
        Assert.That(_machine.Call(setitimer, 0, _machine.Place(default(Itimerval)).Address, now.Address).Value, Is.Zero);
        Assert.That(_machine.Read(now).Value.Microseconds, Is.EqualTo(750_000));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.That(Taken, Is.Null);
        Assert.That(_machine.Call(setitimer, 3, now.Address).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(setitimer, 0, _machine.Place(new Itimerval(default, new(0, 1_000_000))).Address).Error, Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void APosixTimerCountsWhatNobodyTook()
    {
        var id = _machine.Place<int>();
        var notify = new Sigevent { Notify = Sigevent.SIGEV_SIGNAL, Signal = (int)Signal.SIGUSR1, Value = 77 };
        Assert.That(_machine.Call(timer_create, (ulong)ClockId.CLOCK_MONOTONIC, _machine.Place(notify).Address, id.Address).Value, Is.Zero);
        var timer = (ulong)_machine.Read(id);
        Assert.That(_machine.Call(timer_settime, timer, 0, _machine.Place(new Itimerspec(new(1, 0), new(2, 0))).Address).Value, Is.Zero);
        _clock.Advance(TimeSpan.FromSeconds(5.5));
        var info = _machine.Take(_machine.Main)!.Value;
        Assert.That((info.Signal, info.Code, info.TimerId, info.Overrun, info.Value), Is.EqualTo((Signal.SIGUSR1, SigCode.SI_TIMER, (int)timer, 3, 77UL)));
        Assert.That(_machine.Call(timer_getoverrun, timer).Value, Is.EqualTo(3));
        var setting = _machine.Place<Itimerspec>();
        Assert.That(_machine.Call(timer_gettime, timer, setting.Address).Value, Is.Zero);
        Assert.That(_machine.Read(setting), Is.EqualTo(new Itimerspec(new(1, 0), new(0, 500_000_000))));
        Assert.That(_machine.Call(timer_delete, timer).Value, Is.Zero);
        Assert.That(_machine.Call(timer_gettime, timer, setting.Address).Error, Is.EqualTo(Errno.EINVAL));
        _clock.Advance(TimeSpan.FromSeconds(5.5));
        Assert.That(Taken, Is.Null);
    }

    [Test]
    public void AnAbsoluteRealTimerFollowsTheClockThatIsSet()
    {
        var id = _machine.Place<int>();
        Assert.That(_machine.Call(timer_create, (ulong)ClockId.CLOCK_REALTIME, 0, id.Address).Value, Is.Zero);
        var target = _machine.Machine.Clock.RealtimeTimespec.Seconds + 1000;
        Assert.That(_machine.Call(timer_settime, (ulong)_machine.Read(id), 1, _machine.Place(new Itimerspec(default, new(target, 0))).Address).Value, Is.Zero);
        Assert.That(_machine.Call(clock_settime, 0, _machine.Place(new Timespec(target - 1, 0)).Address).Value, Is.Zero);
        Assert.That(Taken, Is.Null);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Taken, Is.EqualTo(Signal.SIGALRM));
    }

    [Test]
    public void NothingIsLeftBehindByAProcess()
    {
        var child = _machine.Start(_machine.Main.Process);
        var before = _clock.Armed;
        Assert.That(_machine.Call(child, alarm, 10).Value, Is.Zero);
        Assert.That(_machine.Call(child, setitimer, 2, _machine.Place(new Itimerval(default, new(5, 0))).Address).Value, Is.Zero);
        Assert.That(_clock.Armed, Is.EqualTo(before + 2));
        lock (_machine.Machine.Tasks.Lock)
            child.Process.Exit(default);
        Assert.That(_clock.Armed, Is.EqualTo(before));
    }
}
