using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public class EpollSyscallsTests
{
    private const uint In = (uint)PollEvents.POLLIN, Out = (uint)PollEvents.POLLOUT, Hup = (uint)PollEvents.POLLHUP;
    private const uint Edge = (uint)EpollFlags.EPOLLET, OneShot = (uint)EpollFlags.EPOLLONESHOT, Exclusive = (uint)EpollFlags.EPOLLEXCLUSIVE;

    private readonly SyscallFixture _fixture = new();
    private readonly UserPtr<EpollEvent> _event;
    private readonly UserPtr<EpollEvent> _events;

    public EpollSyscallsTests()
    {
        _event = _fixture.Allocate<EpollEvent>();
        _events = _fixture.Allocate<EpollEvent>(64);
    }

    private GuestThread Thread => _fixture.Thread;

    [TearDown]
    public void Release() => _fixture.Dispose();

    private int Create() => (int)EpollSyscalls.EpollCreate1(Thread, OpenFlags.O_RDONLY).Value;

    private Errno Control(int epoll, EpollOperation operation, int fd, uint events = In)
    {
        _fixture.Memory.Write(_event, new EpollEvent(events, (uint)fd | 0xABCD_0000_0000_0000));
        return EpollSyscalls.EpollCtl(Thread, epoll, operation, fd, _event).Error;
    }

    private Errno Add(int epoll, int fd, uint events = In) => Control(epoll, EpollOperation.EPOLL_CTL_ADD, fd, events);

    private (int Fd, uint Events)[] Wait(int epoll, int count = 64)
    {
        var result = EpollSyscalls.EpollWait(Thread, epoll, _events, count, 0);
        Assert.That(result.Error, Is.EqualTo(Errno.None));
        return [.. Enumerable.Range(0, (int)result.Value).Select(i => _fixture.Get(_events, i)).Select(found => ((int)found.Data, found.Events))];
    }

    [Test]
    public void LevelTriggeredIsReportedAsLongAsItHolds()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        Assert.That(Add(epoll, read), Is.EqualTo(Errno.None));
        Assert.That(Wait(epoll), Is.Empty);
        _fixture.Write(write, "ab");
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
        Assert.That(_fixture.Read(read), Is.EqualTo("ab"));
        Assert.That(Wait(epoll), Is.Empty);
        Thread.Files.Close(write);
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, Hup) }));
    }

    [Test]
    public void EdgeTriggeredIsReportedWhenSomethingComes()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        _fixture.Write(write, "a");
        Assert.That(Add(epoll, read, In | Edge), Is.EqualTo(Errno.None));
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
        Assert.That(Wait(epoll), Is.Empty);
        _fixture.Write(write, "b");
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
        Assert.That(Wait(epoll), Is.Empty);
    }

    [Test]
    public void OneShotIsSwitchedOnAgainByAModification()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        Assert.That(Add(epoll, read, In | OneShot), Is.EqualTo(Errno.None));
        _fixture.Write(write, "a");
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
        _fixture.Write(write, "b");
        Assert.That(Wait(epoll), Is.Empty);
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_MOD, read, In | OneShot), Is.EqualTo(Errno.None));
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
    }

    [Test]
    public void AFileLeavesWithItsLastReference()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        Assert.That(Add(epoll, read), Is.EqualTo(Errno.None));
        _fixture.Write(write, "a");
        var copy = (int)DuplicateSyscalls.Dup(Thread, read).Value;
        Thread.Files.Close(read);
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }), "the copy keeps it");
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_DEL, copy), Is.EqualTo(Errno.ENOENT), "under the other number");
        Thread.Files.Close(copy);
        Assert.That(Wait(epoll), Is.Empty);
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_DEL, read), Is.EqualTo(Errno.EBADF));
    }

    [Test]
    public void BadArgumentsAreErrors()
    {
        var epoll = Create();
        var (read, _) = _fixture.Pipe();
        Assert.That(EpollSyscalls.EpollCreate(Thread, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(EpollSyscalls.EpollCreate1(Thread, OpenFlags.O_NONBLOCK).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(Add(epoll, 99), Is.EqualTo(Errno.EBADF));
        Assert.That(Add(99, read), Is.EqualTo(Errno.EBADF));
        Assert.That(Add(read, epoll), Is.EqualTo(Errno.EINVAL));
        Assert.That(Add(epoll, epoll), Is.EqualTo(Errno.EINVAL));
        Assert.That(Add(epoll, _fixture.Open("/f")), Is.EqualTo(Errno.EPERM));
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_MOD, read), Is.EqualTo(Errno.ENOENT));
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_DEL, read), Is.EqualTo(Errno.ENOENT));
        Assert.That(Control(epoll, (EpollOperation)9, read), Is.EqualTo(Errno.EINVAL));
        Assert.That(EpollSyscalls.EpollCtl(Thread, epoll, EpollOperation.EPOLL_CTL_ADD, read, new(_fixture.Bad)).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(Add(epoll, read, In | Exclusive | OneShot), Is.EqualTo(Errno.EINVAL));
        Assert.That(Add(epoll, read, In | Exclusive), Is.EqualTo(Errno.None));
        Assert.That(Add(epoll, read), Is.EqualTo(Errno.EEXIST));
        Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_MOD, read), Is.EqualTo(Errno.EINVAL));
        Assert.That(EpollSyscalls.EpollWait(Thread, epoll, _events, 0, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(EpollSyscalls.EpollWait(Thread, read, _events, 1, 0).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(EpollSyscalls.EpollWait(Thread, 99, _events, 1, 0).Error, Is.EqualTo(Errno.EBADF));
    }

    [Test]
    public void EventsThatCanNotBeWrittenAreNotLost()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        _fixture.Write(write, "a");
        Assert.That(Add(epoll, read, In | Edge), Is.EqualTo(Errno.None));
        Assert.That(EpollSyscalls.EpollWait(Thread, epoll, new(_fixture.Bad), 1, 0).Error, Is.EqualTo(Errno.EFAULT));
        Assert.That(Wait(epoll), Is.EqualTo(new[] { (read, In) }));
    }

    [Test]
    public void EpollsNestButNotInCirclesAndNotDeep()
    {
        var chain = Enumerable.Range(0, 6).Select(_ => Create()).ToArray();
        for (var i = 0; i < 4; i++)
            Assert.That(Add(chain[i], chain[i + 1]), Is.EqualTo(Errno.None));
        Assert.That(Add(chain[4], chain[0]), Is.EqualTo(Errno.ELOOP));
        Assert.That(Add(chain[4], chain[5]), Is.EqualTo(Errno.ELOOP), "six");
        Assert.That(Add(chain[5], chain[0]), Is.EqualTo(Errno.ELOOP), "six");
        var (read, write) = _fixture.Pipe();
        Assert.That(Add(chain[4], read), Is.EqualTo(Errno.None));
        Assert.That(Wait(chain[0]), Is.Empty);
        _fixture.Write(write, "a");
        Assert.That(Wait(chain[0]), Is.EqualTo(new[] { (chain[1], In) }));
        Assert.That(Wait(chain[4]), Is.EqualTo(new[] { (read, In) }));
        _fixture.Read(read);
        Assert.That(Wait(chain[0]), Is.Empty);
    }

    [Test]
    public void FewPlacesAreGivenInTurn()
    {
        var epoll = Create();
        var pipes = Enumerable.Range(0, 5).Select(_ => _fixture.Pipe()).ToArray();
        foreach (var (read, write) in pipes)
        {
            Assert.That(Add(epoll, read), Is.EqualTo(Errno.None));
            _fixture.Write(write, "x");
        }
        var seen = Enumerable.Range(0, 5).SelectMany(_ => Wait(epoll, 2)).Select(found => found.Fd).ToArray();
        Assert.That(seen, Has.Length.EqualTo(10));
        Assert.That(seen.Distinct().Count(), Is.EqualTo(5), "nobody starves");
    }

    [Test]
    public async Task AWaiterIsWokenAndASignalEndsTheWait()
    {
        var epoll = Create();
        var (read, write) = _fixture.Pipe();
        Assert.That(Add(epoll, read), Is.EqualTo(Errno.None));
        var waiting = Task.Run(() => EpollSyscalls.EpollWait(Thread, epoll, _events, 8, -1));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Write(write, "a");
        Assert.That((await waiting).Value, Is.EqualTo(1));
        _fixture.Read(read);
        waiting = Task.Run(() => EpollSyscalls.EpollPwait(Thread, epoll, _events, 8, -1, _fixture.Put(new SigSet(0)), 8));
        SyscallFixture.UntilAsleep(Thread);
        _fixture.Signal(Thread, Signal.SIGUSR1);
        Assert.That((await waiting).Error, Is.EqualTo(Errno.EINTR));
        Assert.That(Thread.Signals.SavedMask, Is.Not.Null);
    }

    /// <summary>What epoll, poll and select say of level-triggered descriptors is the same whatever has happened to them.</summary>
    [Test]
    public void EpollAndPollAgree([Values(1, 2, 3, 4)] int round)
    {
        var seed = Environment.TickCount ^ (round << 24);
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var epoll = Create();
        var wanted = new Dictionary<int, uint>();
        var ends = new List<(int Read, int Write)>();
        var poll = _fixture.Allocate<PollFd>();
        var bytes = _fixture.Allocate<byte>(5000);
        for (var step = 0; step < 2000; step++)
        {
            Step();
            var expected = wanted.Select(entry => (entry.Key, Polled(entry.Key, entry.Value))).Where(entry => entry.Item2 != 0).OrderBy(entry => entry.Key);
            Assert.That(Wait(epoll).OrderBy(found => found.Fd), Is.EqualTo(expected), $"seed {seed}, step {step}");
        }

        uint Polled(int fd, uint events)
        {
            _fixture.Memory.Write(poll, new PollFd { Fd = fd, Events = (ushort)events });
            _ = PollSyscalls.Poll(Thread, poll, 1, 0);
            return _fixture.Get(poll).Returned;
        }

        void Step()
        {
            if (ends.Count == 0 || (ends.Count < 8 && random.Next(10) == 0))
            {
                var pipe = _fixture.Pipe(OpenFlags.O_NONBLOCK);
                ends.Add(pipe);
                return;
            }
            var index = random.Next(ends.Count);
            var (read, write) = ends[index];
            var fd = random.Next(2) == 0 ? read : write;
            switch (random.Next(12))
            {
                case 0 or 1:
                    var events = random.Next(4) switch { 0 => In, 1 => Out, 2 => In | Out, _ => 0u };
                    var isNew = !wanted.ContainsKey(fd);
                    Assert.That(Control(epoll, isNew ? EpollOperation.EPOLL_CTL_ADD : EpollOperation.EPOLL_CTL_MOD, fd, events), Is.EqualTo(fd < 0 ? Errno.EBADF : Errno.None));
                    if (fd >= 0)
                        wanted[fd] = events;
                    break;
                case 2 when wanted.Remove(fd):
                    Assert.That(Control(epoll, EpollOperation.EPOLL_CTL_DEL, fd), Is.EqualTo(Errno.None));
                    break;
                case 3 when random.Next(3) == 0 && fd >= 0:
                    Thread.Files.Close(fd);
                    wanted.Remove(fd);
                    ends[index] = fd == read ? (-1, write) : (read, -1);
                    if (ends[index] == (-1, -1))
                        ends.RemoveAt(index);
                    break;
                case < 8:
                    _ = ReadWriteSyscalls.Write(Thread, write, bytes, (nuint)random.Next(1, 5000));
                    break;
                default:
                    _ = ReadWriteSyscalls.Read(Thread, read, bytes, (nuint)random.Next(1, 5000));
                    break;
            }
        }
    }
}
