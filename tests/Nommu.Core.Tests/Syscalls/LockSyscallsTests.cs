using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class LockSyscallsTests
{
    private readonly SyscallFixture _fixture = new();
    private readonly GuestThread _one;
    private readonly GuestThread _two;

    public LockSyscallsTests()
    {
        _one = _fixture.Thread;
        _two = _fixture.NewThread();
    }

    [TearDown]
    public void Release() => _fixture.Dispose();

    private UserPtr<Flock> Range(LockType type, long start, long length, SeekWhence whence = SeekWhence.SEEK_SET) =>
        _fixture.Put(new Flock { Type = type, Start = start, Length = length, Whence = (short)whence });

    private Errno Lock(GuestThread thread, int fd, LockType type, long start, long length, FcntlCommand command = FcntlCommand.F_SETLK, SeekWhence whence = SeekWhence.SEEK_SET) =>
        FcntlSyscalls.Fcntl(thread, fd, command, Range(type, start, length, whence).Address).Error;

    private (LockType Type, long Start, long Length, int Pid) Blocker(GuestThread thread, int fd, LockType type, long start, long length, FcntlCommand command = FcntlCommand.F_GETLK)
    {
        var range = Range(type, start, length);
        Assert.That(FcntlSyscalls.Fcntl(thread, fd, command, range.Address).Error, Is.EqualTo(Errno.None));
        var found = _fixture.Get(range);
        return (found.Type, found.Start, found.Length, found.Pid);
    }

    [Test]
    public void RecordLocksAreTheProcesses()
    {
        var mine = _fixture.Open("/f", thread: _one);
        var theirs = _fixture.Open("/f", thread: _two);
        Assert.That(Lock(_one, mine, LockType.F_WRLCK, 10, 10), Is.EqualTo(Errno.None));
        Assert.That(Lock(_two, theirs, LockType.F_RDLCK, 19, 1), Is.EqualTo(Errno.EAGAIN));
        Assert.That(Lock(_two, theirs, LockType.F_WRLCK, 20, 0), Is.EqualTo(Errno.None));
        Assert.That(Blocker(_two, theirs, LockType.F_RDLCK, 0, 0), Is.EqualTo((LockType.F_WRLCK, 10L, 10L, _one.Process.Id)));
        Assert.That(Blocker(_one, mine, LockType.F_RDLCK, 15, 0), Is.EqualTo((LockType.F_WRLCK, 20L, 0L, _two.Process.Id)));
        Assert.That(Blocker(_one, mine, LockType.F_WRLCK, 0, 15).Type, Is.EqualTo(LockType.F_UNLCK));
        Assert.That(Lock(_one, mine, LockType.F_UNLCK, 12, 2), Is.EqualTo(Errno.None));
        Assert.That(Lock(_two, theirs, LockType.F_WRLCK, 14, -2), Is.EqualTo(Errno.None));
        var other = _fixture.Open("/f", thread: _one);
        _one.Files.Close(other);
        Assert.That(Lock(_two, theirs, LockType.F_WRLCK, 0, 0), Is.EqualTo(Errno.None), "closing any descriptor of the file gives up all");
    }

    [Test]
    public void OpenFileLocksAreTheDescriptions()
    {
        var first = _fixture.Open("/f");
        var second = _fixture.Open("/f");
        Assert.That(Lock(_one, first, LockType.F_WRLCK, 0, 1, FcntlCommand.F_OFD_SETLK), Is.EqualTo(Errno.None));
        Assert.That(Lock(_one, second, LockType.F_WRLCK, 0, 1, FcntlCommand.F_OFD_SETLK), Is.EqualTo(Errno.EAGAIN));
        Assert.That(Lock(_one, second, LockType.F_WRLCK, 0, 1), Is.EqualTo(Errno.EAGAIN));
        Assert.That(Blocker(_one, second, LockType.F_WRLCK, 0, 0, FcntlCommand.F_OFD_GETLK), Is.EqualTo((LockType.F_WRLCK, 0L, 1L, -1)));
        _one.Files.Close(first);
        Assert.That(Lock(_one, second, LockType.F_WRLCK, 0, 1, FcntlCommand.F_OFD_SETLK), Is.EqualTo(Errno.None));
    }

    [Test]
    public void BadArgumentsAreErrors()
    {
        var fd = _fixture.Open("/f");
        var reading = _fixture.Open("/f", OpenFlags.O_RDONLY);
        var writing = _fixture.Open("/f", OpenFlags.O_WRONLY);
        Assert.That(Lock(_one, reading, LockType.F_WRLCK, 0, 0), Is.EqualTo(Errno.EBADF));
        Assert.That(Lock(_one, writing, LockType.F_RDLCK, 0, 0), Is.EqualTo(Errno.EBADF));
        Assert.That(Lock(_one, fd, (LockType)7, 0, 0), Is.EqualTo(Errno.EINVAL));
        Assert.That(Lock(_one, fd, LockType.F_RDLCK, 0, 0, whence: (SeekWhence)9), Is.EqualTo(Errno.EINVAL));
        Assert.That(Lock(_one, fd, LockType.F_RDLCK, -1, 0), Is.EqualTo(Errno.EINVAL));
        Assert.That(Lock(_one, fd, LockType.F_RDLCK, 1, -2), Is.EqualTo(Errno.EINVAL));
        Assert.That(Lock(_one, fd, LockType.F_RDLCK, 2, long.MaxValue), Is.EqualTo(Errno.EOVERFLOW));
        Assert.That(FcntlSyscalls.Fcntl(_one, fd, FcntlCommand.F_SETLK, _fixture.Bad).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(FcntlSyscalls.Fcntl(_one, fd, FcntlCommand.F_GETLK, Range(LockType.F_UNLCK, 0, 0).Address).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(LockSyscalls.Flock(_one, fd, FlockOperation.LOCK_SH | FlockOperation.LOCK_EX).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(LockSyscalls.Flock(_one, 99, FlockOperation.LOCK_SH).Error, Is.EqualTo(Errno.EBADF));
    }

    [Test]
    public async Task AWaiterGetsTheLockWhenItIsLetGo()
    {
        var mine = _fixture.Open("/f", thread: _one);
        var theirs = _fixture.Open("/f", thread: _two);
        Assert.That(Lock(_one, mine, LockType.F_WRLCK, 0, 0), Is.EqualTo(Errno.None));
        var waiting = Task.Run(() => Lock(_two, theirs, LockType.F_WRLCK, 5, 1, FcntlCommand.F_SETLKW));
        SyscallFixture.UntilAsleep(_two);
        Assert.That(Lock(_one, mine, LockType.F_UNLCK, 5, 1), Is.EqualTo(Errno.None));
        Assert.That(await waiting, Is.EqualTo(Errno.None));
        Assert.That(Lock(_one, mine, LockType.F_WRLCK, 5, 1), Is.EqualTo(Errno.EAGAIN));
    }

    [Test]
    public async Task TwoWhoWaitForEachOtherAreADeadlockAndASignalEndsTheWait()
    {
        var mine = _fixture.Open("/f", thread: _one);
        var theirs = _fixture.Open("/f", thread: _two);
        Assert.That(Lock(_one, mine, LockType.F_WRLCK, 0, 1), Is.EqualTo(Errno.None));
        Assert.That(Lock(_two, theirs, LockType.F_WRLCK, 1, 1), Is.EqualTo(Errno.None));
        var waiting = Task.Run(() => Lock(_one, mine, LockType.F_WRLCK, 1, 1, FcntlCommand.F_SETLKW));
        SyscallFixture.UntilAsleep(_one);
        Assert.That(Lock(_two, theirs, LockType.F_WRLCK, 0, 1, FcntlCommand.F_SETLKW), Is.EqualTo(Errno.EDEADLK));
        _fixture.Signal(_one, Signal.SIGUSR1);
        Assert.That(await waiting, Is.EqualTo(Errno.ERESTARTSYS));
    }

    [Test]
    public async Task WholeFileLocksAreShared()
    {
        var first = _fixture.Open("/f");
        var second = _fixture.Open("/f");
        Assert.That(LockSyscalls.Flock(_one, first, FlockOperation.LOCK_SH).Error, Is.EqualTo(Errno.None));
        Assert.That(LockSyscalls.Flock(_one, second, FlockOperation.LOCK_SH).Error, Is.EqualTo(Errno.None));
        Assert.That(LockSyscalls.Flock(_one, second, FlockOperation.LOCK_EX | FlockOperation.LOCK_NB).Error, Is.EqualTo(Errno.EAGAIN));
        var waiting = Task.Run(() => LockSyscalls.Flock(_one, second, FlockOperation.LOCK_EX).Error);
        SyscallFixture.UntilAsleep(_one);
        _one.Files.Close(first);
        Assert.That(await waiting, Is.EqualTo(Errno.None));
    }
}
