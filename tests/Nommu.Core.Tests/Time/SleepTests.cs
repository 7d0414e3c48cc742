using System.Diagnostics;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using static Nommu.Core.Abi.SystemCallNumber;

namespace Nommu.Core.Tests.Time;

public sealed class SleepTests : IDisposable
{
    private const ulong Absolute = (ulong)TimerFlags.TIMER_ABSTIME;

    private readonly ManualClock _clock = new();
    private readonly TimeMachine _machine;

    public SleepTests() => _machine = new TimeMachine(_clock);

    public void Dispose() => _machine.Dispose();

    [Test]
    public async Task AManualClockOwnsTheTime()
    {
        var sleep = _machine.CallLater(_machine.Main, nanosleep, _machine.Place(new Timespec(3600, 5)).Address);
        _clock.WaitForTimer();
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.That(sleep.IsCompleted, Is.False, "five nanoseconds are left");
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.That((await sleep).Value, Is.Zero);
    }

    [Test]
    public async Task ASignalEndsASleepWhichThenGoesOnToTheSameMoment()
    {
        var left = _machine.Place<Timespec>();
        var sleep = _machine.CallLater(_machine.Main, nanosleep, _machine.Place(new Timespec(10, 0)).Address, left.Address);
        _clock.WaitForTimer();
        _clock.Advance(TimeSpan.FromSeconds(4));
        _machine.Send(_machine.Main, Signal.SIGUSR1);
        Assert.That((await sleep).Error, Is.EqualTo(Errno.ERESTART_RESTARTBLOCK));
        Assert.That(_machine.Read(left), Is.EqualTo(new Timespec(6, 0)));
        _ = _machine.Take(_machine.Main);
        sleep = _machine.CallLater(_machine.Main, restart_syscall);
        _clock.WaitForTimer();
        _clock.Advance(TimeSpan.FromSeconds(5.9));
        Assert.That(sleep.IsCompleted, Is.False);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.That((await sleep).Value, Is.Zero);
    }

    [Test]
    public async Task AnAbsoluteSleepFollowsRealTimeThatIsSet()
    {
        var target = _machine.Machine.Clock.RealtimeTimespec.Seconds + 3600;
        var sleep = _machine.CallLater(_machine.Main, clock_nanosleep, (ulong)ClockId.CLOCK_REALTIME, Absolute, _machine.Place(new Timespec(target, 0)).Address);
        _clock.WaitForTimer();
        var other = _machine.StartThread();
        Assert.That(_machine.Call(other, clock_settime, (ulong)ClockId.CLOCK_REALTIME, _machine.Place(new Timespec(target + 1, 0)).Address).Value, Is.Zero);
        Assert.That((await sleep).Value, Is.Zero);
    }

    [Test]
    public void WhatIsNoSleepIsRefused()
    {
        var time = _machine.Place(new Timespec(0, 1)).Address;
        Assert.Multiple(() =>
        {
            Assert.That(_machine.Call(nanosleep, _machine.Place(new Timespec(0, 1_000_000_000)).Address).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Call(nanosleep, _machine.Place(new Timespec(-1, 0)).Address).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Call(nanosleep, 8).Error, Is.EqualTo(Errno.EFAULT));
            Assert.That(_machine.Call(clock_nanosleep, (ulong)ClockId.CLOCK_THREAD_CPUTIME_ID, 0, time).Error, Is.EqualTo(Errno.EOPNOTSUPP));
            Assert.That(_machine.Call(clock_nanosleep, (ulong)ClockId.CLOCK_MONOTONIC_RAW, 0, time).Error, Is.EqualTo(Errno.EOPNOTSUPP));
            Assert.That(_machine.Call(clock_nanosleep, 99, 0, time).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Call(clock_nanosleep, (ulong)ClockId.CLOCK_MONOTONIC, Absolute, time).Value, Is.Zero, "long gone");
        });
    }

    [Test]
    public void AWakeBeforeTheSleepIsNotLostAndIsTakenOnce()
    {
        _machine.Main.Wake();
        Assert.That(_machine.Main.Sleep(-1), Is.EqualTo(Errno.None));
        Assert.That(_machine.Main.Sleep(0), Is.EqualTo(Errno.ETIMEDOUT));
        _machine.Send(_machine.Main, Signal.SIGUSR1);
        Assert.That(_machine.Main.Sleep(-1), Is.EqualTo(Errno.ERESTARTSYS));
    }

    [Test]
    public void WithTheSystemsClockASleepIsAsLongAsItShouldBe()
    {
        using var machine = new TimeMachine(TimeProvider.System);
        var watch = Stopwatch.StartNew();
        Assert.That(machine.Call(nanosleep, machine.Place(new Timespec(0, 20_000_000)).Address).Value, Is.Zero);
        Assert.That(watch.Elapsed, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(20)));
    }

    [Test]
    public void PingPongOverTwoQueuesLosesNothing()
    {
        const int Rounds = 20_000;
        var (ping, pong) = (new WaitQueue(), new WaitQueue());
        var turn = 0;
        var other = _machine.StartThread();
        var thread = new Thread(() => Play(other, pong, ping, 1));
        thread.Start();
        Play(_machine.Main, ping, pong, 0);
        thread.Join();
        Assert.That(turn, Is.EqualTo(2 * Rounds));

        void Play(GuestThread guest, WaitQueue mine, WaitQueue theirs, int parity)
        {
            for (var i = 0; i < Rounds; i++)
            {
                guest.PollTable.Add(mine);
                while (Volatile.Read(ref turn) % 2 != parity)
                    _ = guest.Sleep(-1);
                guest.PollTable.Clear();
                Volatile.Write(ref turn, turn + 1);
                theirs.Wake();
            }
        }
    }
}
