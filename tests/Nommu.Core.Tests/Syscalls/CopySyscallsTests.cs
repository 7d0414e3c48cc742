using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;
using Nommu.Core.Tests.Fs;

namespace Nommu.Core.Tests.Syscalls;

public class CopySyscallsTests
{
    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private int FileWith(string path, string text)
    {
        Assert.That(_fixture.Files.Write(path, text), Is.EqualTo(Errno.None));
        return _fixture.Open(path, OpenFlags.O_RDWR);
    }

    [Test]
    public void SendfileMovesThePositionItWasGiven()
    {
        var from = FileWith("/in", "hello world");
        var to = _fixture.Open("/out");
        Assert.That(CopySyscalls.Sendfile(Thread, to, from, default, 5).Value, Is.EqualTo(5));
        var offset = _fixture.Put(6L);
        Assert.That(CopySyscalls.Sendfile(Thread, to, from, offset, 100).Value, Is.EqualTo(5));
        Assert.That(_fixture.Get(offset), Is.EqualTo(11));
        Assert.That(CopySyscalls.Sendfile(Thread, to, from, default, 1).Value, Is.EqualTo(1));
        Assert.That(_fixture.Files.Read("/out"), Is.EqualTo("helloworld "));
        Assert.That(CopySyscalls.Sendfile(Thread, to, from, offset, 100).Value, Is.Zero);
    }

    [Test]
    public void SendfileRefuses()
    {
        var from = FileWith("/in", "hello");
        var (read, write) = _fixture.Pipe();
        var appending = _fixture.Open("/out", OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_APPEND);
        Assert.That(CopySyscalls.Sendfile(Thread, write, read, default, 1).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(CopySyscalls.Sendfile(Thread, write, read, _fixture.Put(0L), 1).Error, Is.EqualTo(Errno.ESPIPE));
        Assert.That(CopySyscalls.Sendfile(Thread, read, from, default, 1).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(CopySyscalls.Sendfile(Thread, from, write, default, 1).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(CopySyscalls.Sendfile(Thread, appending, from, default, 1).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(CopySyscalls.Sendfile(Thread, write, from, _fixture.Put(-1L), 1).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(CopySyscalls.Sendfile(Thread, write, from, new(_fixture.Bad), 1).Error, Is.EqualTo(Errno.EFAULT));
        Thread.Files.Close(read);
        Assert.That(CopySyscalls.Sendfile(Thread, write, from, default, 1).Error, Is.EqualTo(Errno.EPIPE));
        Assert.That(Thread.Signals.Pending.Set, Is.EqualTo(SigSet.Of(Signal.SIGPIPE)));
    }

    [Test]
    public void CopyFileRangeCopiesBetweenPlaces()
    {
        var from = FileWith("/in", "0123456789");
        var to = FileWith("/out", "..........");
        var source = _fixture.Put(2L);
        var target = _fixture.Put(4L);
        Assert.That(CopySyscalls.CopyFileRange(Thread, from, source, to, target, 3, 0).Value, Is.EqualTo(3));
        Assert.That((_fixture.Get(source), _fixture.Get(target)), Is.EqualTo((5L, 7L)));
        Assert.That(_fixture.Files.Read("/out"), Is.EqualTo("....234..."));
        Assert.That(CopySyscalls.CopyFileRange(Thread, from, default, from, _fixture.Put(1L), 3, 0).Error, Is.EqualTo(Errno.EINVAL), "overlap");
        Assert.That(CopySyscalls.CopyFileRange(Thread, from, default, from, _fixture.Put(5L), 5, 0).Value, Is.EqualTo(5));
        Assert.That(_fixture.Files.Read("/in"), Is.EqualTo("0123401234"));
        Assert.That(CopySyscalls.CopyFileRange(Thread, from, _fixture.Put(10L), to, default, 5, 0).Value, Is.Zero);
        Assert.That(CopySyscalls.CopyFileRange(Thread, from, default, to, default, 5, 1).Error, Is.EqualTo(Errno.EINVAL));
        var (read, write) = _fixture.Pipe();
        Assert.That(CopySyscalls.CopyFileRange(Thread, read, default, to, default, 5, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(CopySyscalls.CopyFileRange(Thread, 99, default, write, default, 5, 0).Error, Is.EqualTo(Errno.EBADF));
    }

    [Test]
    public void SpliceGoesThroughAPipeAndTeeLeavesItFull()
    {
        var from = FileWith("/in", "hello world");
        var to = _fixture.Open("/out");
        var (read, write) = _fixture.Pipe();
        var (other, otherWrite) = _fixture.Pipe();
        Assert.That(SpliceSyscalls.Splice(Thread, from, default, write, default, 100, 0).Value, Is.EqualTo(11));
        Assert.That(SpliceSyscalls.Tee(Thread, read, otherWrite, 5, 0).Value, Is.EqualTo(5));
        Assert.That(_fixture.Read(other), Is.EqualTo("hello"));
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, otherWrite, default, 6, 0).Value, Is.EqualTo(6));
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, to, default, 100, 0).Value, Is.EqualTo(5));
        Assert.That(_fixture.Files.Read("/out"), Is.EqualTo("world"));
        Assert.That(_fixture.Read(other), Is.EqualTo("hello "));
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, to, default, 100, SpliceFlags.SPLICE_F_NONBLOCK).Error, Is.EqualTo(Errno.EAGAIN));
        Assert.That(SpliceSyscalls.Splice(Thread, from, default, to, default, 1, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(SpliceSyscalls.Splice(Thread, read, _fixture.Put(0L), to, default, 1, 0).Error, Is.EqualTo(Errno.ESPIPE));
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, write, default, 1, 0).Error, Is.EqualTo(Errno.EINVAL));
        Thread.Files.Close(write);
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, to, default, 100, 0).Value, Is.Zero);
    }

    [Test]
    public void WhatDoesNotFitIsPutBack()
    {
        var (read, write) = _fixture.Pipe(OpenFlags.O_NONBLOCK);
        var (other, otherWrite) = _fixture.Pipe(OpenFlags.O_NONBLOCK);
        Assert.That(FcntlSyscalls.Fcntl(Thread, otherWrite, FcntlCommand.F_SETPIPE_SZ, 4096).Value, Is.EqualTo(4096));
        var text = string.Concat(Enumerable.Range(0, 1500).Select(i => $"{i:0000}"));
        Assert.That(_fixture.Write(write, text), Is.EqualTo(6000));
        Assert.That(SpliceSyscalls.Splice(Thread, read, default, otherWrite, default, 6000, 0).Value, Is.EqualTo(4096));
        Assert.That(_fixture.Read(other, 8000) + _fixture.Read(read, 8000), Is.EqualTo(text));
    }

    [Test]
    public void AMemfdIsAFileWithSeals()
    {
        var name = _fixture.Put<byte>(TestFiles.Bytes("m\0"));
        var fd = (int)MemfdSyscalls.MemfdCreate(Thread, name, MemfdFlags.MFD_ALLOW_SEALING).Value;
        Assert.That(_fixture.Write(fd, "abc"), Is.EqualTo(3));
        Assert.That(FcntlSyscalls.Fcntl(Thread, fd, FcntlCommand.F_GET_SEALS, 0).Value, Is.Zero);
        Assert.That(FcntlSyscalls.Fcntl(Thread, fd, FcntlCommand.F_ADD_SEALS, 8).Value, Is.Zero);
        Assert.That(_fixture.Write(fd, "abc"), Is.EqualTo(-(long)Errno.EPERM));
        Assert.That(Thread.Files.Get(fd).File!.Path.Dentry.Name.ToString(), Is.EqualTo("/memfd:m (deleted)"));
        Assert.That(MemfdSyscalls.MemfdCreate(Thread, name, MemfdFlags.MFD_HUGETLB).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(MemfdSyscalls.MemfdCreate(Thread, new(_fixture.Bad), 0).Error, Is.EqualTo(Errno.EFAULT));
    }
}
