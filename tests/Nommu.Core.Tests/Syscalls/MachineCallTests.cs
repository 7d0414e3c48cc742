using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Time;
using static Nommu.Core.Abi.SystemCallNumber;

namespace Nommu.Core.Tests.Syscalls;

/// <summary>Calls about the machine, limits and attributes.</summary>
public sealed class MachineCallTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly TimeMachine _machine;

    public MachineCallTests() => _machine = new TimeMachine(_clock);

    public void Dispose() => _machine.Dispose();

    private ulong Text(string text)
    {
        var bytes = new UtsnameField();
        Encoding.UTF8.GetBytes(text).CopyTo(bytes);
        return _machine.Place(bytes).Address;
    }

    private string TextAt(ulong address, int length)
    {
        var bytes = new byte[length];
        Assert.That(_machine.Main.Memory.Read(address, bytes), Is.EqualTo(Errno.None));
        return Encoding.UTF8.GetString(bytes);
    }

    private void BecomeUser() => _machine.Main.Credentials = new Credentials { Uid = 1000, Euid = 1000, Suid = 1000, Fsuid = 1000 };

    [Test]
    public void TheHostNameIsRootsToSet()
    {
        Assert.That(_machine.Call(sethostname, Text("guest"), 5).Value, Is.Zero);
        var name = _machine.Place<Utsname>();
        Assert.That(_machine.Call(uname, name.Address).Value, Is.Zero);
        var uts = _machine.Read(name);
        Assert.That((Encoding.UTF8.GetString(uts.SystemName.Text), Encoding.UTF8.GetString(uts.NodeName.Text), Encoding.UTF8.GetString(uts.Machine.Text)), Is.EqualTo(("Linux", "guest", "x86_64")));
        Assert.That(_machine.Call(sethostname, Text("x"), 65).Error, Is.EqualTo(Errno.EINVAL));
        BecomeUser();
        Assert.That(_machine.Call(sethostname, Text("x"), 1).Error, Is.EqualTo(Errno.EPERM));
    }

    [Test]
    public void LimitsAreEnforcedAndInherited()
    {
        var limit = _machine.Place(new Rlimit(64, 128));
        Assert.That(_machine.Call(setrlimit, (ulong)ResourceLimit.RLIMIT_NOFILE, limit.Address).Value, Is.Zero);
        Assert.That(_machine.Main.Files.Limit, Is.EqualTo(64));
        BecomeUser();
        Assert.That(_machine.Call(prlimit64, 0, (ulong)ResourceLimit.RLIMIT_NOFILE, _machine.Place(new Rlimit(1, 129)).Address).Error, Is.EqualTo(Errno.EPERM));
        Assert.That(_machine.Call(prlimit64, 0, (ulong)ResourceLimit.RLIMIT_NOFILE, _machine.Place(new Rlimit(2, 1)).Address).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(prlimit64, 99, (ulong)ResourceLimit.RLIMIT_NOFILE, 0, limit.Address).Error, Is.EqualTo(Errno.ESRCH));
        Assert.That(_machine.Call(getrlimit, 16, limit.Address).Error, Is.EqualTo(Errno.EINVAL));
        var child = _machine.Start(_machine.Main.Process);
        child.Process.InheritFrom(_machine.Main.Process, default);
        Assert.That(_machine.Call(child, getrlimit, (ulong)ResourceLimit.RLIMIT_NOFILE, limit.Address).Value, Is.Zero);
        Assert.That(_machine.Read(limit), Is.EqualTo(new Rlimit(64, 128)));
    }

    [Test]
    public void AThreadsNameHasFifteenBytes()
    {
        Assert.That(_machine.Call(prctl, (ulong)PrctlOption.PR_SET_NAME, Text("a name that is far too long")).Value, Is.Zero);
        var name = Text("");
        Assert.That(_machine.Call(prctl, (ulong)PrctlOption.PR_GET_NAME, name).Value, Is.Zero);
        Assert.That(TextAt(name, 16), Is.EqualTo("a name that is \0"));
        Assert.That(_machine.Call(prctl, 12345).Error, Is.EqualTo(Errno.EINVAL));
    }

    [Test]
    public void AChildMayHearOfItsParentsEnd()
    {
        var parent = _machine.Start(_machine.Main.Process);
        var child = _machine.Start(parent.Process);
        Assert.That(_machine.Call(child, prctl, (ulong)PrctlOption.PR_SET_PDEATHSIG, (ulong)Signal.SIGUSR1).Value, Is.Zero);
        lock (_machine.Machine.Tasks.Lock)
            parent.Process.Exit(default);
        Assert.That((_machine.Take(child)?.Signal, _machine.Call(child, getppid).Value), Is.EqualTo(((Signal?)Signal.SIGUSR1, 1L)));
    }

    [Test]
    public void TheLogIsReadByLines()
    {
        _machine.Machine.Log.Write(6, "first");
        _clock.Advance(TimeSpan.FromMilliseconds(1500));
        _machine.Machine.Log.Write(4, "second\nthird");
        const string All = "<6>[    0.000000] first\n<4>[    1.500000] second\n<4>[    1.500000] third\n";
        var buffer = Text("");
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_SIZE_UNREAD).Value, Is.EqualTo(All.Length));
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_READ, buffer, 10).Value, Is.EqualTo(10));
        Assert.That(TextAt(buffer, 10), Is.EqualTo(All[..10]));
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_SIZE_UNREAD).Value, Is.EqualTo(All.Length - 10));
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_READ_ALL, buffer, 64).Value, Is.EqualTo(All.Length - 24));
        Assert.That(TextAt(buffer, All.Length - 24), Is.EqualTo(All[24..]));
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_CLEAR).Value, Is.Zero);
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_READ_ALL, buffer, 64).Value, Is.Zero);
        BecomeUser();
        Assert.That(_machine.Call(syslog, (ulong)SyslogAction.SYSLOG_ACTION_CLEAR).Error, Is.EqualTo(Errno.EPERM));
    }

    [Test]
    public void JobControlsNumbers()
    {
        var child = _machine.Start(_machine.Main.Process);
        Assert.That((_machine.Call(getpid).Value, _machine.Call(child, getppid).Value, _machine.Call(child, getpgrp).Value), Is.EqualTo((1L, 1L, 1L)));
        Assert.That(_machine.Call(setpgid, (ulong)child.Id, 0).Value, Is.Zero);
        Assert.That((_machine.Call(getpgid, (ulong)child.Id).Value, _machine.Call(getsid, (ulong)child.Id).Value), Is.EqualTo(((long)child.Id, 1L)));
        Assert.That(_machine.Call(child, setsid).Error, Is.EqualTo(Errno.EPERM));
        Assert.That(_machine.Call(getpgid, 99).Error, Is.EqualTo(Errno.ESRCH));
    }

    [Test]
    public void ProcessorsAndPriorities()
    {
        var mask = _machine.Place(1UL).Address;
        Assert.That(_machine.Call(sched_getaffinity, 0, 8, mask).Value, Is.EqualTo(8));
        Assert.That(_machine.Call(sched_getaffinity, 0, 7, mask).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(sched_setaffinity, 0, 8, _machine.Place(0UL).Address).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(setpriority, 0, 0, 5).Value, Is.Zero);
        Assert.That(_machine.Call(getpriority, 0, 0).Value, Is.EqualTo(15));
        Assert.That(_machine.Call(getpriority, 0, 99).Error, Is.EqualTo(Errno.ESRCH));
        BecomeUser();
        Assert.That(_machine.Call(setpriority, 0, 0, 4).Error, Is.EqualTo(Errno.EACCES));
        Assert.That(_machine.Call(sched_setscheduler, 0, (ulong)SchedPolicy.SCHED_RR, _machine.Place(1).Address).Error, Is.EqualTo(Errno.EPERM));
        Assert.That(_machine.Call(sched_setscheduler, 0, (ulong)SchedPolicy.SCHED_BATCH, _machine.Place(0).Address).Value, Is.Zero);
        Assert.That(_machine.Call(sched_getscheduler, 0).Value, Is.EqualTo((long)SchedPolicy.SCHED_BATCH));
    }

    [Test]
    public void RebootWantsItsMagicNumbersAndRoot()
    {
        HaltReason? reason = null;
        _machine.Machine.HaltRequested = given => reason = given;
        const ulong First = 0xfee1dead, Second = 672274793, PowerOff = 0x4321fedc;
        Assert.That(_machine.Call(reboot, First, 1, PowerOff).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(reboot, First, Second, 0).Value, Is.Zero);
        Assert.That((reason, _machine.Machine.CtrlAltDelRestarts), Is.EqualTo(((HaltReason?)null, false)));
        Assert.That(_machine.Call(reboot, First, Second, PowerOff).Value, Is.Zero);
        Assert.That(reason, Is.EqualTo(HaltReason.PowerOff));
        BecomeUser();
        Assert.That(_machine.Call(reboot, First, Second, PowerOff).Error, Is.EqualTo(Errno.EPERM));
    }

    [Test]
    public void CapabilitiesFollowFromTheUser()
    {
        var header = _machine.Place(new CapabilityHeader(CapabilityHeader._LINUX_CAPABILITY_VERSION_3, 0)).Address;
        var data = _machine.Place((default(CapabilityData), default(CapabilityData)));
        Assert.That(_machine.Call(capget, header, data.Address).Value, Is.Zero);
        Assert.That((_machine.Read(data).Item1.Effective, _machine.Read(data).Item2.Permitted), Is.EqualTo((uint.MaxValue, 0x1ffu)));
        Assert.That(_machine.Call(capset, header, data.Address).Value, Is.Zero);
        Assert.That(_machine.Call(capset, header, _machine.Place((default(CapabilityData), default(CapabilityData))).Address).Value, Is.Zero);
        Assert.That(_machine.Call(capset, header, data.Address).Error, Is.EqualTo(Errno.EPERM), "what has been given up");
        BecomeUser();
        Assert.That(_machine.Call(capget, header, data.Address).Value, Is.Zero);
        Assert.That(_machine.Read(data).Item1, Is.EqualTo(default(CapabilityData)));
    }

    [Test]
    public void RandomBytesAndClocks()
    {
        var place = _machine.Place(0UL);
        Assert.That(_machine.Call(getrandom, place.Address, 8).Value, Is.EqualTo(8));
        Assert.That(_machine.Read(place), Is.Not.Zero);
        Assert.That(_machine.Call(getrandom, place.Address, 8, 8).Error, Is.EqualTo(Errno.EINVAL));
        var time = _machine.Place<Timespec>();
        foreach (var clock in new[] { 0, 1, 4, 5, 6, 7, 11 })
            Assert.That(_machine.Call(clock_gettime, (ulong)clock, time.Address).Value, Is.Zero, $"clock {clock}");
        foreach (var clock in new[] { 8, 9, 10, 12, -1 })
            Assert.That(_machine.Call(clock_gettime, unchecked((ulong)clock), time.Address).Error, Is.EqualTo(Errno.EINVAL), $"clock {clock}");
        Assert.That(_machine.Call(clock_settime, 1, time.Address).Error, Is.EqualTo(Errno.EINVAL));
        Assert.That(_machine.Call(clock_settime, 2, time.Address).Error, Is.EqualTo(Errno.EPERM));
        var own = unchecked((ulong)((~_machine.Main.Id << 3) | 2));
        Assert.That(_machine.Call(clock_gettime, own, time.Address).Value, Is.Zero);
    }
}
