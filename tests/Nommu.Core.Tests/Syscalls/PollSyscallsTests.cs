using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class PollSyscallsTests
{
    private const ushort In = (ushort)PollEvents.POLLIN, Out = (ushort)PollEvents.POLLOUT, Hup = (ushort)PollEvents.POLLHUP, Err = (ushort)PollEvents.POLLERR, Invalid = (ushort)PollEvents.POLLNVAL;

    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private UserPtr<PollFd> Fds(params (int Fd, ushort Events)[] fds) =>
        _fixture.Put<PollFd>(Array.ConvertAll(fds, fd => new PollFd { Fd = fd.Fd, Events = fd.Events, Returned = 0xFFFF }));

    private SyscallResult Poll(UserPtr<PollFd> fds, uint count, int timeout = 0) => PollSyscalls.Poll(Thread, fds, count, timeout);

    [Test]
    public void EveryEntryIsAnswered()
    {
        var (read, write) = _fixture.Pipe();
        var file = _fixture.Open("/f");
        var fds = Fds((read, In), (write, Out), (-1, In), (99, In), (file, In | Out));
        Assert.That(Poll(fds, 5).Value, Is.EqualTo(3));
        Assert.That(Enumerable.Range(0, 5).Select(i => _fixture.Get(fds, i).Returned), Is.EqualTo(new[] { 0, Out, 0, Invalid, In | Out }));
        _fixture.Write(write, "x");
        Thread.Files.Close(write);
        Assert.That(Poll(fds, 1).Value, Is.EqualTo(1));
        Assert.That(_fixture.Get(fds).Returned, Is.EqualTo(In | Hup));
        var (closed, orphan) = _fixture.Pipe();
        Thread.Files.Close(closed);
        var orphans = Fds((orphan, 0));
        Assert.That(Poll(orphans, 1).Value, Is.EqualTo(1));
        Assert.That(_fixture.Get(orphans).Returned, Is.EqualTo(Err));
    }

    [Test]
    public void BadArgumentsAreErrors()
    {
        var fds = Fds((-1, In));
        Assert.That(Poll(fds, (uint)Thread.Files.Limit + 1).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Poll(fds, uint.MaxValue).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Poll(new(_fixture.Bad), 1).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(Poll(new(0), 0).Value, Is.Zero);
        Assert.That(PollSyscalls.Ppoll(Thread, fds, 1, _fixture.Put(new Timespec(0, 1_000_000_000)), default, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(PollSyscalls.Ppoll(Thread, fds, 1, new(_fixture.Bad), default, 0).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(PollSyscalls.Ppoll(Thread, fds, 1, default, _fixture.Put(new SigSet(0)), 4).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(PollSyscalls.Ppoll(Thread, fds, 1, default, new(_fixture.Bad), 8).Error, Is.EqualTo(Errno.EFAULT));
    }

    [Test]
    public async Task AWriterEndsTheWait()
    {
        var (read, write) = _fixture.Pipe();
        var fds = Fds((read, In));
        var polling = Task.Run(() => Poll(fds, 1, -1));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Write(write, "x");
        Assert.That((await polling).Value, Is.EqualTo(1));
        Assert.That(_fixture.Get(fds).Returned, Is.EqualTo(In));
    }

    [Test]
    public async Task ASignalEndsTheWaitAndTheRestIsWaitedForAfterwards()
    {
        var (read, write) = _fixture.Pipe();
        var fds = Fds((read, In));
        var polling = Task.Run(() => Poll(fds, 1, -1));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Signal(Thread, Signal.SIGUSR1);
        Assert.That((await polling).Error, Is.EqualTo(Errno.ERESTART_RESTARTBLOCK));
        Assert.That(_fixture.Get(fds).Returned, Is.Zero);
        _fixture.Write(write, "x");
        Assert.That(Thread.Signals.RestartBlock!(Thread).Value, Is.EqualTo(1));
        Assert.That(_fixture.Get(fds).Returned, Is.EqualTo(In));
    }

    [Test]
    public async Task PpollWritesWhatIsLeftAndKeepsItsMaskForTheHandler()
    {
        var (read, _) = _fixture.Pipe();
        var fds = Fds((read, In));
        Thread.Signals.Blocked = SigSet.Of(Signal.SIGUSR1);
        var time = _fixture.Put(new Timespec(1000, 0));
        var mask = _fixture.Put(SigSet.Of(Signal.SIGUSR2));
        var polling = Task.Run(() => PollSyscalls.Ppoll(Thread, fds, 1, time, mask, 8));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Signal(Thread, Signal.SIGUSR1);
        Assert.That((await polling).Error, Is.EqualTo(Errno.ERESTARTNOHAND));
        Assert.That(Thread.Signals.Blocked, Is.EqualTo(SigSet.Of(Signal.SIGUSR2)));
        Assert.That(Thread.Signals.SavedMask, Is.EqualTo(SigSet.Of(Signal.SIGUSR1)));
        Assert.That(_fixture.Get(time).Seconds, Is.InRange(900, 999));
    }

    [Test]
    public void ATimeoutLeavesNothingOver()
    {
        var (read, _) = _fixture.Pipe();
        var time = _fixture.Put(new Timespec(0, 2_000_000));
        Assert.That(PollSyscalls.Ppoll(Thread, Fds((read, In)), 1, time, default, 0).Value, Is.Zero);
        Assert.That(_fixture.Get(time), Is.EqualTo(default(Timespec)));
        Assert.That(Thread.Signals.SavedMask, Is.Null);
    }
}
