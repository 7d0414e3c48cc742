using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;

namespace Nommu.Core.Tests.Syscalls;

public sealed class SyscallDispatcherTests : IDisposable
{
    private sealed class Recorder : ILogger
    {
        internal List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }

    private readonly Recorder _log = new();
    private readonly SyscallDispatcher _dispatcher;
    private readonly SyscallFixture _fixture = new();
    private readonly GuestThread _thread;

    public SyscallDispatcherTests() => (_dispatcher, _thread) = (new SyscallDispatcher(_log), _fixture.Thread);

    public void Dispose() => _fixture.Dispose();

    private SyscallResult Call(SystemCallNumber number, ulong a = 0, ulong b = 0, ulong c = 0) => _dispatcher.Dispatch(_thread, (int)number, new SyscallArguments(a, b, c, 0, 0, 0));

    private const ulong Keep = uint.MaxValue;

    [Test]
    public void AnUnknownCallIsEnosysAndLoggedOnce()
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.That(Call((SystemCallNumber)999).Error, Is.EqualTo(Errno.ENOSYS));
            Assert.That(Call((SystemCallNumber)(-1)).Error, Is.EqualTo(Errno.ENOSYS));
            Assert.That(Call((SystemCallNumber)int.MaxValue).Error, Is.EqualTo(Errno.ENOSYS));
        }
        Assert.That(_log.Lines, Is.EqualTo(new[] { "Warning: system call 999 (no such call) is not done: ENOSYS" }));
    }

    [Test]
    public void AHostMayAddReplaceAndWrap()
    {
        _dispatcher.Replace(1000, _ => (GuestThread _, in SyscallArguments a) => (long)(a.A0 + a.A1));
        _dispatcher.Replace((int)SystemCallNumber.getuid, next => (GuestThread thread, in SyscallArguments a) => next(thread, a).Value + 7);
        Assert.That((Call((SystemCallNumber)1000, 2, 3).Value, Call(SystemCallNumber.getuid).Value), Is.EqualTo((5L, 7L)));
    }

    [Test]
    public void AHandlersExceptionIsNotTheHostsEnd()
    {
        _dispatcher.Replace(1000, _ => (GuestThread _, in SyscallArguments _) => throw new InvalidOperationException("bug"));
        Assert.That(Call((SystemCallNumber)1000).Error, Is.EqualTo(Errno.EIO));
        Assert.That(_log.Lines, Is.EqualTo(new[] { "Critical: system call 1000 failed in its handler" }));
    }

    [Test]
    public void NamesAndNumbersAreLinuxs() =>
        Assert.That(SyscallTable.Descriptions.All(call => Enum.Parse<SystemCallNumber>(call.Name) == (SystemCallNumber)call.Number));

    [Test]
    public void RootBecomesSomebodyForGood()
    {
        Assert.That(Call(SystemCallNumber.setgid, 100).Error, Is.EqualTo(Errno.None));
        Assert.That(Call(SystemCallNumber.setuid, 1000).Error, Is.EqualTo(Errno.None));
        Assert.That((_thread.Credentials.Suid, _thread.Credentials.Fsuid, _thread.Credentials.Fsgid), Is.EqualTo((1000u, 1000u, 100u)));
        Assert.Multiple(() =>
        {
            Assert.That(Call(SystemCallNumber.setuid, 0).Error, Is.EqualTo(Errno.EPERM));
            Assert.That(Call(SystemCallNumber.setgid, 0).Error, Is.EqualTo(Errno.EPERM));
            Assert.That(Call(SystemCallNumber.setresuid, 0, Keep, Keep).Error, Is.EqualTo(Errno.EPERM));
            Assert.That(Call(SystemCallNumber.setuid, Keep).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(Call(SystemCallNumber.setfsuid, 0).Value, Is.EqualTo(1000));
            Assert.That(Call(SystemCallNumber.setfsuid, Keep).Value, Is.EqualTo(1000));
            Assert.That(Call(SystemCallNumber.geteuid).Value, Is.EqualTo(1000));
            Assert.That(Call(SystemCallNumber.getegid).Value, Is.EqualTo(100));
        });
    }

    [Test]
    public void ASavedIdIsAWayBack()
    {
        Assert.That(Call(SystemCallNumber.setresuid, 1000, 1000, 0).Error, Is.EqualTo(Errno.None));
        Assert.That(Call(SystemCallNumber.setuid, 0).Error, Is.EqualTo(Errno.None));
        Assert.That((_thread.Credentials.Uid, _thread.Credentials.Euid), Is.EqualTo((1000u, 0u)));
    }

    [Test]
    public void SetreuidSetsTheSavedId()
    {
        Assert.That(Call(SystemCallNumber.setreuid, 5, 6).Error, Is.EqualTo(Errno.None));
        Assert.That(_thread.Credentials.Suid, Is.EqualTo(6));
        Assert.That(Call(SystemCallNumber.setreuid, Keep, 5).Error, Is.EqualTo(Errno.None));
        Assert.That((_thread.Credentials.Euid, _thread.Credentials.Suid), Is.EqualTo((5u, 6u)));
        Assert.That(Call(SystemCallNumber.setreuid, 7, Keep).Error, Is.EqualTo(Errno.EPERM));
    }

    [Test]
    public void ABadPointerIsEfault() => Assert.That(Call(SystemCallNumber.getresuid, 8, 8, 8).Error, Is.EqualTo(Errno.EFAULT));
}
