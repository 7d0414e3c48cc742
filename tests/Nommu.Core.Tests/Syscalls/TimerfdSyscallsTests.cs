using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class TimerfdSyscallsTests
{
    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private int Create(TimerfdFlags flags = TimerfdFlags.TFD_NONBLOCK) => (int)TimerfdSyscalls.TimerfdCreate(Thread, ClockId.CLOCK_MONOTONIC, flags).Value;

    private Errno Set(int fd, Timespec value, Timespec interval, TimerfdFlags flags = TimerfdFlags.None) =>
        TimerfdSyscalls.TimerfdSettime(Thread, fd, flags, _fixture.Put(new Itimerspec(interval, value)), default).Error;

    private (Errno Error, ulong Count) Read(int fd)
    {
        var value = _fixture.Put(0UL);
        return (ReadWriteSyscalls.Read(Thread, fd, new UserPtr<byte>(value.Address), 8).Error, _fixture.Get(value));
    }

    [Test]
    public void ATimerThatWasDueIsCounted()
    {
        var fd = Create();
        Assert.That(Read(fd).Error, Is.EqualTo(Errno.EAGAIN));
        Assert.That(Set(fd, new Timespec(0, 1), default, TimerfdFlags.TFD_TIMER_ABSTIME), Is.EqualTo(Errno.None));
        Assert.That(Read(fd), Is.EqualTo((Errno.None, 1UL)));
        Assert.That(Read(fd).Error, Is.EqualTo(Errno.EAGAIN));
        Assert.That(Set(fd, new Timespec(0, 1), new Timespec(0, 1_000_000), TimerfdFlags.TFD_TIMER_ABSTIME), Is.EqualTo(Errno.None));
        Assert.That(Read(fd).Count, Is.GreaterThan(100));
    }

    [Test]
    public void AReaderWaitsForIt()
    {
        var fd = Create(TimerfdFlags.None);
        Assert.That(Set(fd, new Timespec(0, 3_000_000), default), Is.EqualTo(Errno.None));
        Assert.That(Read(fd), Is.EqualTo((Errno.None, 1UL)));
    }

    [Test]
    public void WhatIsLeftCanBeRead()
    {
        var fd = Create();
        var left = _fixture.Put(new Itimerspec(new Timespec(9, 9), new Timespec(9, 9)));
        Assert.That(TimerfdSyscalls.TimerfdGettime(Thread, fd, left).Error, Is.EqualTo(Errno.None));
        Assert.That(_fixture.Get(left), Is.EqualTo(default(Itimerspec)));
        Assert.That(Set(fd, new Timespec(1000, 0), new Timespec(5, 0)), Is.EqualTo(Errno.None));
        Assert.That(TimerfdSyscalls.TimerfdGettime(Thread, fd, left).Error, Is.EqualTo(Errno.None));
        Assert.That((_fixture.Get(left).Interval, _fixture.Get(left).Value.Seconds), Is.EqualTo((new Timespec(5, 0), 999L)));
    }

    [Test]
    public void BadArgumentsAreErrors()
    {
        var fd = Create();
        var (read, _) = _fixture.Pipe();
        Assert.That(TimerfdSyscalls.TimerfdCreate(Thread, ClockId.CLOCK_TAI, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(TimerfdSyscalls.TimerfdCreate(Thread, ClockId.CLOCK_MONOTONIC, TimerfdFlags.TFD_TIMER_ABSTIME).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Set(fd, new Timespec(0, -1), default), Is.EqualTo(Errno.EINVAL));
        Assert.That(Set(fd, default, default, (TimerfdFlags)8), Is.EqualTo(Errno.EINVAL));
        Assert.That(Set(read, default, default), Is.EqualTo(Errno.EINVAL));
        Assert.That(Set(99, default, default), Is.EqualTo(Errno.EBADF));
        Assert.That(TimerfdSyscalls.TimerfdSettime(Thread, fd, 0, new(_fixture.Bad), default).Error, Is.EqualTo(Errno.EFAULT));
    }
}
