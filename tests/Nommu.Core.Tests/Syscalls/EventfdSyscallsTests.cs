using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class EventfdSyscallsTests
{
    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private int Create(uint count, EventfdFlags flags = EventfdFlags.EFD_NONBLOCK) => (int)EventfdSyscalls.Eventfd2(Thread, count, flags).Value;

    private SyscallResult Write(int fd, ulong value) => ReadWriteSyscalls.Write(Thread, fd, new(_fixture.Put(value).Address), 8);

    private (Errno Error, ulong Value) Read(int fd)
    {
        var value = _fixture.Put(0UL);
        return (ReadWriteSyscalls.Read(Thread, fd, new(value.Address), 8).Error, _fixture.Get(value));
    }

    [Test]
    public void TheCounterIsTakenWhole()
    {
        var fd = Create(3);
        Assert.That(Write(fd, 4).Value, Is.EqualTo(8));
        Assert.That(Read(fd), Is.EqualTo((Errno.None, 7UL)));
        Assert.That(Read(fd).Error, Is.EqualTo(Errno.EAGAIN));
    }

    [Test]
    public void ASemaphoreIsTakenOneByOne()
    {
        var fd = Create(2, EventfdFlags.EFD_NONBLOCK | EventfdFlags.EFD_SEMAPHORE);
        Assert.That(Read(fd), Is.EqualTo((Errno.None, 1UL)));
        Assert.That(Read(fd), Is.EqualTo((Errno.None, 1UL)));
        Assert.That(Read(fd).Error, Is.EqualTo(Errno.EAGAIN));
    }

    [Test]
    public void ItDoesNotOverflow()
    {
        var fd = Create(0);
        Assert.That(Write(fd, ulong.MaxValue).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Write(fd, ulong.MaxValue - 1).Value, Is.EqualTo(8));
        Assert.That(Write(fd, 1).Error, Is.EqualTo(Errno.EAGAIN));
        Assert.That(ReadWriteSyscalls.Read(Thread, fd, _fixture.Allocate<byte>(8), 7).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(EventfdSyscalls.Eventfd2(Thread, 0, (EventfdFlags)2).Error, Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public async Task AWriterWaitsForRoom()
    {
        var fd = Create(5, EventfdFlags.None);
        var writing = Task.Run(() => Write(fd, ulong.MaxValue - 3));
        SyscallFixture.UntilAsleep(Thread);
        var other = _fixture.NewThread(Thread.Files.Share());
        var value = _fixture.Put(0UL);
        Assert.That(ReadWriteSyscalls.Read(other, fd, new(value.Address), 8).Value, Is.EqualTo(8));
        Assert.That((await writing).Value, Is.EqualTo(8));
        Assert.That(Read(fd), Is.EqualTo((Errno.None, ulong.MaxValue - 3)));
    }
}
