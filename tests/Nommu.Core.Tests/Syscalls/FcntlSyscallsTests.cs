using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class FcntlSyscallsTests
{
    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private SyscallResult Fcntl(int fd, FcntlCommand command, ulong argument = 0) => FcntlSyscalls.Fcntl(Thread, fd, command, argument);

    [Test]
    public void DuplicatesTakeTheLowestNumberAndCloseOnExecIsTheDescriptors()
    {
        var fd = _fixture.Open("/f");
        Assert.That(DuplicateSyscalls.Dup(Thread, fd).Value, Is.EqualTo(1));
        Assert.That(DuplicateSyscalls.Dup3(Thread, fd, 7, OpenFlags.O_CLOEXEC).Value, Is.EqualTo(7));
        Assert.That(Fcntl(7, FcntlCommand.F_GETFD).Value, Is.EqualTo(1));
        Assert.That(DuplicateSyscalls.Dup2(Thread, fd, 7).Value, Is.EqualTo(7));
        Assert.That(Fcntl(7, FcntlCommand.F_GETFD).Value, Is.Zero);
        Assert.That(Fcntl(fd, FcntlCommand.F_DUPFD, 5).Value, Is.EqualTo(5));
        Assert.That(Fcntl(fd, FcntlCommand.F_DUPFD_CLOEXEC, 5).Value, Is.EqualTo(6));
        Assert.That(Fcntl(6, FcntlCommand.F_GETFD).Value, Is.EqualTo(1));
        Assert.That(Fcntl(6, FcntlCommand.F_SETFD, 0).Value, Is.Zero);
        Assert.That(Fcntl(6, FcntlCommand.F_GETFD).Value, Is.Zero);
        Assert.That(DuplicateSyscalls.Dup2(Thread, fd, fd).Value, Is.EqualTo(fd));
    }

    [Test]
    public void DuplicatesOfNothingAreErrors()
    {
        var fd = _fixture.Open("/f");
        Assert.That(DuplicateSyscalls.Dup(Thread, 9).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(DuplicateSyscalls.Dup2(Thread, 9, 9).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(DuplicateSyscalls.Dup2(Thread, 9, 10).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(DuplicateSyscalls.Dup2(Thread, fd, -1).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(DuplicateSyscalls.Dup2(Thread, fd, 1024).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(DuplicateSyscalls.Dup3(Thread, fd, fd, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(DuplicateSyscalls.Dup3(Thread, fd, 5, OpenFlags.O_APPEND).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Fcntl(fd, FcntlCommand.F_DUPFD, 1024).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Fcntl(9, FcntlCommand.F_GETFD).Error, Is.EqualTo(Errno.EBADF));
        Thread.Files.Limit = 1;
        Assert.That(DuplicateSyscalls.Dup(Thread, fd).Error, Is.EqualTo(Errno.EMFILE));
        Assert.That(PipeSyscalls.Pipe(Thread, _fixture.Allocate<int>(2)).Error, Is.EqualTo(Errno.EMFILE));
        Thread.Files.Limit = 2;
        Assert.That(PipeSyscalls.Pipe(Thread, _fixture.Allocate<int>(2)).Error, Is.EqualTo(Errno.EMFILE));
        Assert.That(DuplicateSyscalls.Dup(Thread, fd).Value, Is.EqualTo(1), "the pipe's first end was closed again");
    }

    [Test]
    public void StatusFlagsBelongToTheOpenFile()
    {
        var fd = _fixture.Open("/f", OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_CLOEXEC);
        var copy = (int)DuplicateSyscalls.Dup(Thread, fd).Value;
        Assert.That(Fcntl(fd, FcntlCommand.F_GETFL).Value, Is.EqualTo((long)OpenFlags.O_RDWR).Or.EqualTo((long)(OpenFlags.O_RDWR | OpenFlags.O_LARGEFILE)));
        Assert.That(Fcntl(fd, FcntlCommand.F_SETFL, (ulong)(OpenFlags.O_APPEND | OpenFlags.O_NONBLOCK | OpenFlags.O_WRONLY | OpenFlags.O_EXCL)).Value, Is.Zero);
        Assert.That((OpenFlags)Fcntl(copy, FcntlCommand.F_GETFL).Value & ~OpenFlags.O_LARGEFILE, Is.EqualTo(OpenFlags.O_RDWR | OpenFlags.O_APPEND | OpenFlags.O_NONBLOCK));
        var place = _fixture.Open("/f", OpenFlags.O_PATH);
        Assert.That(Fcntl(place, FcntlCommand.F_SETFL, 0).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(Fcntl(place, FcntlCommand.F_GETFL).Error, Is.EqualTo(Errno.None));
        Assert.That(Fcntl(fd, (FcntlCommand)77).Error, Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void PipesHaveASizeAndFilesHaveNone()
    {
        var (read, write) = _fixture.Pipe(OpenFlags.O_NONBLOCK | OpenFlags.O_CLOEXEC);
        Assert.That((OpenFlags)Fcntl(read, FcntlCommand.F_GETFL).Value, Is.EqualTo(OpenFlags.O_NONBLOCK));
        Assert.That((OpenFlags)Fcntl(write, FcntlCommand.F_GETFL).Value, Is.EqualTo(OpenFlags.O_NONBLOCK | OpenFlags.O_WRONLY));
        Assert.That(Fcntl(read, FcntlCommand.F_GETPIPE_SZ).Value, Is.EqualTo(65536));
        Assert.That(Fcntl(read, FcntlCommand.F_SETPIPE_SZ, 5000).Value, Is.EqualTo(8192));
        Assert.That(Fcntl(write, FcntlCommand.F_GETPIPE_SZ).Value, Is.EqualTo(8192));
        Assert.That(Fcntl(_fixture.Open("/f"), FcntlCommand.F_GETPIPE_SZ).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(PipeSyscalls.Pipe2(Thread, _fixture.Allocate<int>(2), OpenFlags.O_APPEND).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(PipeSyscalls.Pipe(Thread, new(_fixture.Bad)).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(_fixture.Read(read), Is.EqualTo("EAGAIN"));
        Thread.Files.Close(write);
        Assert.That(_fixture.Read(read), Is.Empty);
    }

    [Test]
    public void OwnersAreProcessesOrGroups()
    {
        var (read, _) = _fixture.Pipe();
        var id = Thread.Process.Id;
        Assert.That(Fcntl(read, FcntlCommand.F_GETOWN).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_SETOWN, (ulong)id).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_GETOWN).Value, Is.EqualTo(id));
        Assert.That(Fcntl(read, FcntlCommand.F_SETOWN, unchecked((ulong)-id)).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_GETOWN).Value, Is.EqualTo(-id));
        Assert.That(Fcntl(read, FcntlCommand.F_SETOWN, 4000).Error, Is.EqualTo(Errno.ESRCH));
        Assert.That(Fcntl(read, FcntlCommand.F_SETSIG, 65).Error, Is.EqualTo(Errno.EINVAL));
        var owner = _fixture.Put(new FileOwner(FileOwnerType.F_OWNER_TID, id));
        Assert.That(Fcntl(read, FcntlCommand.F_SETOWN_EX, owner.Address).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_GETOWN_EX, owner.Address).Value, Is.Zero);
        Assert.That(_fixture.Get(owner), Is.EqualTo(new FileOwner(FileOwnerType.F_OWNER_TID, id)));
    }

    [Test]
    public void AnOwnerGetsASignalWhenSomethingComes()
    {
        var (read, write) = _fixture.Pipe();
        Assert.That(Fcntl(read, FcntlCommand.F_SETOWN, (ulong)Thread.Process.Id).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_SETSIG, (ulong)Signal.SIGUSR1).Value, Is.Zero);
        Assert.That(Fcntl(read, FcntlCommand.F_SETFL, (ulong)OpenFlags.O_ASYNC).Value, Is.Zero);
        _fixture.Write(write, "x");
        Assert.That(SpinWait.SpinUntil(() => Thread.IsSignalPending, TimeSpan.FromSeconds(20)));
        Assert.That(Thread.Process.Signals.Pending.Set, Is.EqualTo(SigSet.Of(Signal.SIGUSR1)));
    }
}
