using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class SelectSyscallsTests
{
    private readonly SyscallFixture _fixture = new();

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private UserPtr<ulong> Set(params int[] fds)
    {
        var words = new ulong[16];
        foreach (var fd in fds)
            words[fd >> 6] |= 1UL << (fd & 63);
        return _fixture.Put<ulong>(words);
    }

    private int[] Members(UserPtr<ulong> set) => [.. Enumerable.Range(0, 1024).Where(fd => (_fixture.Get(set, fd >> 6) >> (fd & 63) & 1) != 0)];

    private SyscallResult Select(int count, UserPtr<ulong> read = default, UserPtr<ulong> write = default, UserPtr<ulong> exceptional = default, Timeval? time = default) =>
        SelectSyscalls.Select(Thread, count, read, write, exceptional, time is { } given ? _fixture.Put(given) : default);

    [Test]
    public void ReadySetsAreWrittenBack()
    {
        var (read, write) = _fixture.Pipe();
        var reads = Set(read);
        var writes = Set(write);
        Assert.That(Select(write + 1, reads, writes).Value, Is.EqualTo(1));
        Assert.That((Members(reads), Members(writes)), Is.EqualTo((Array.Empty<int>(), new[] { write })).AsCollection);
        _fixture.Write(write, "x");
        reads = Set(read, write);
        var exceptional = Set(read, write);
        Assert.That(Select(write + 1, reads, Set(write), exceptional).Value, Is.EqualTo(2));
        Assert.That(Members(reads), Is.EqualTo(new[] { read }));
        Assert.That(Members(exceptional), Is.Empty);
    }

    [Test]
    public void ManyDescriptorsAreLookedAt()
    {
        var (read, write) = _fixture.Pipe();
        Thread.Files.Limit = 2000;
        for (var fd = 10; fd < 1000; fd++)
            Assert.That(DuplicateSyscalls.Dup2(Thread, read, fd).Value, Is.EqualTo(fd));
        var all = Enumerable.Range(10, 990).ToArray();
        var reads = Set(all);
        Assert.That(Select(1000, reads, time: new Timeval(0, 0)).Value, Is.Zero);
        Assert.That(Members(reads), Is.Empty);
        _fixture.Write(write, "x");
        reads = Set(all);
        Assert.That(Select(1000, reads).Value, Is.EqualTo(990));
        Assert.That(Members(reads), Is.EqualTo(all));
    }

    [Test]
    public void BadArgumentsAreErrors()
    {
        var (read, _) = _fixture.Pipe();
        var none = new Timeval(0, 0);
        Assert.That(Select(-1).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Select(8, Set(7), time: none).Error, Is.EqualTo(Errno.EBADF));
        Assert.That(Select(7, Set(7), time: none).Value, Is.Zero, "7 is not below 7");
        Assert.That(Select(1024, Set(900), time: none).Value, Is.Zero, "no room for 900 in the table");
        Assert.That(Select(8, new(_fixture.Bad), time: none).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(Select(0, time: new Timeval(-1, 0)).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Select(0, time: new Timeval(0, -1)).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(SelectSyscalls.Select(Thread, 0, default, default, default, new(_fixture.Bad)).Error, Is.EqualTo(Errno.EFAULT));
        var mask = _fixture.Put(new PselectMask(_fixture.Put(new SigSet(0)).Address, 4));
        Assert.That(SelectSyscalls.Pselect6(Thread, read + 1, Set(read), default, default, default, mask).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(SelectSyscalls.Pselect6(Thread, 0, default, default, default, default, new(_fixture.Bad)).Error, Is.EqualTo(Errno.EFAULT));
    }

    [Test]
    public void ATimeoutClearsTheSets()
    {
        var (read, _) = _fixture.Pipe();
        var reads = Set(read);
        var time = _fixture.Put(new Timeval(0, 2000));
        Assert.That(SelectSyscalls.Select(Thread, read + 1, reads, default, default, time).Value, Is.Zero);
        Assert.That(Members(reads), Is.Empty);
        Assert.That(_fixture.Get(time), Is.EqualTo(default(Timeval)));
    }

    [Test]
    public async Task ASignalLeavesTheSetsAndWritesTheTime()
    {
        var (read, _) = _fixture.Pipe();
        var reads = Set(read);
        var time = _fixture.Put(new Timeval(1000, 0));
        var selecting = Task.Run(() => SelectSyscalls.Select(Thread, read + 1, reads, default, default, time));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Signal(Thread, Signal.SIGUSR1);
        Assert.That((await selecting).Error, Is.EqualTo(Errno.ERESTARTNOHAND));
        Assert.That(Members(reads), Is.EqualTo(new[] { read }));
        Assert.That(_fixture.Get(time).Seconds, Is.InRange(900, 999));
    }

    [Test]
    public async Task AWriterEndsTheWait()
    {
        var (read, write) = _fixture.Pipe();
        var selecting = Task.Run(() => Select(read + 1, Set(read)));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Write(write, "x");
        Assert.That((await selecting).Value, Is.EqualTo(1));
    }
}
