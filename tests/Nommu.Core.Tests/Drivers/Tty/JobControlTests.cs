using Nommu.Core.Abi;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using static Nommu.Core.Tests.Drivers.Tty.TestMachine;

namespace Nommu.Core.Tests.Drivers.Tty;

public class JobControlTests
{
    private readonly TestMachine _machine = new();

    private (FileDescription Master, FileDescription Slave, GuestThread Shell) Session()
    {
        var (master, name) = _machine.Pair();
        var shell = Catching(_machine.Start(_machine.Init, newSession: true));
        return (master, _machine.Open(name, shell), shell);
    }

    private static Errno ReadAs(GuestThread thread, FileDescription file)
    {
        var to = new IoVector(new byte[10].AsSpan());
        file.SetFlags(OpenFlags.O_NONBLOCK, OpenFlags.O_NONBLOCK);
        return BlockingIo.Read(thread, file, ref to).Error;
    }

    private static Errno WriteAs(GuestThread thread, FileDescription file)
    {
        var from = new IoVector("x"u8);
        return BlockingIo.Write(thread, file, ref from).Error;
    }

    [Test]
    public void ALeaderGetsTheTerminalItOpens()
    {
        var (_, slave, shell) = Session();
        Assert.That((_machine.Ioctl(slave, IoctlNumber.TIOCGSID, shell).Error, _machine.Argument), Is.EqualTo((Errno.None, shell.Id)));
        Assert.That((_machine.Ioctl(slave, IoctlNumber.TIOCGPGRP, shell).Error, _machine.Argument), Is.EqualTo((Errno.None, shell.Id)));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCGPGRP, _machine.Init).Error, Is.EqualTo(Errno.ENOTTY));
        Assert.That(_machine.TryOpen("/dev/tty", _machine.Init).Error, Is.EqualTo(Errno.ENXIO));
        var own = _machine.Open("/dev/tty", _machine.Start(shell));
        Assert.That(((TtyFile)own).Tty, Is.SameAs(((TtyFile)slave).Tty));
    }

    [Test]
    public void WhoIsNoLeaderOrSaysNocttyGetsNone()
    {
        var (_, name) = _machine.Pair();
        var shell = _machine.Start(_machine.Init, newSession: true);
        _machine.Open(name, shell, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY);
        _machine.Open(name, _machine.Start(shell));
        _machine.Open("/dev/console", shell);
        Assert.That(shell.Process.ControllingTerminal, Is.Null);
        var slave = _machine.Open(name, shell);
        Assert.That(shell.Process.ControllingTerminal, Is.SameAs(((TtyFile)slave).Tty));
    }

    [Test]
    public void Tiocsctty()
    {
        var (_, slave, shell) = Session();
        var other = _machine.Start(_machine.Init, newSession: true);
        Assert.That(_machine.IoctlValue(slave, IoctlNumber.TIOCSCTTY, shell, 0).Error, Is.EqualTo(Errno.None), "it has it already");
        Assert.That(_machine.IoctlValue(slave, IoctlNumber.TIOCSCTTY, other, 0).Error, Is.EqualTo(Errno.EPERM));
        Assert.That(_machine.IoctlValue(slave, IoctlNumber.TIOCSCTTY, _machine.Start(other), 1).Error, Is.EqualTo(Errno.EPERM), "no leader");
        Assert.That(_machine.IoctlValue(slave, IoctlNumber.TIOCSCTTY, other, 1).Error, Is.EqualTo(Errno.None), "root steals");
        Assert.That(shell.Process.ControllingTerminal, Is.Null);
    }

    [Test]
    public void TheKeyboardsSignalsGoToTheForeground()
    {
        var (master, slave, shell) = Session();
        var job = Catching(_machine.Start(shell, newGroup: true));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, job.Id).Error, Is.EqualTo(Errno.None));
        Write(master, "\x03");
        Assert.That((Pending(job), Pending(shell)), Is.EqualTo(("SIGINT", "")));
        Write(master, "\x1a");
        Assert.That(Pending(job), Is.EqualTo("SIGINT SIGTSTP"));
        _machine.IoctlValue(master, IoctlNumber.TIOCSIG, _machine.Init, 3);
        Assert.That(Pending(job), Does.Contain("SIGQUIT"));
    }

    [Test]
    public void AResizeIsTold()
    {
        var (master, _, shell) = Session();
        _machine.Memory.Clear();
        _machine.Ioctl(master, IoctlNumber.TIOCSWINSZ, _machine.Init, 24 | (80 << 16));
        Assert.That(Pending(shell), Is.EqualTo("SIGWINCH"));
    }

    [Test]
    public void TheBackgroundIsStopped()
    {
        var (master, slave, shell) = Session();
        var job = _machine.Start(shell, newGroup: true);
        Write(master, "x\r");
        Assert.That((ReadAs(job, slave), Pending(job)), Is.EqualTo((Errno.ERESTARTSYS, "SIGTTIN")));
        Assert.That(WriteAs(job, slave), Is.EqualTo(Errno.None), "TOSTOP is off");
        var termios = Termios.Initial;
        termios.Local |= TermiosLocal.TOSTOP;
        ((TtyFile)slave).Tty.SetSettings(termios);
        Assert.That((WriteAs(job, slave), Pending(job)), Is.EqualTo((Errno.ERESTARTSYS, "SIGTTIN SIGTTOU")));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TCSETS, job).Error, Is.EqualTo(Errno.ERESTARTSYS));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, job, job.Id).Error, Is.EqualTo(Errno.ERESTARTSYS));
        Assert.That(ReadAs(shell, slave), Is.EqualTo(Errno.None));
    }

    [Test]
    public void ABackgroundThatIgnoresItIsToldOtherwise()
    {
        var (_, slave, shell) = Session();
        var job = _machine.Start(shell, newGroup: true);
        job.Process.Handlers[Signal.SIGTTIN].Handler = Sigaction.SIG_IGN;
        job.Signals.Blocked = SigSet.Of(Signal.SIGTTOU);
        Assert.That(ReadAs(job, slave), Is.EqualTo(Errno.EIO));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, job, job.Id).Error, Is.EqualTo(Errno.None), "as shells take it back");
    }

    [Test]
    public void AnOrphanedBackgroundGetsEio()
    {
        var (_, slave, shell) = Session();
        var middle = _machine.Start(shell);
        var job = _machine.Start(middle, newGroup: true);
        var foreground = _machine.Start(shell, newGroup: true);
        _machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, foreground.Id);
        middle.Process.Leave(middle, WaitStatus.Exited(0));
        Assert.That(ReadAs(job, slave), Is.EqualTo(Errno.EIO), "its parent is init, of another session");
    }

    [Test]
    public void ForegroundGroupsAreOfTheSession()
    {
        var (_, slave, shell) = Session();
        Assert.Multiple(() =>
        {
            Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, -1).Error, Is.EqualTo(Errno.EINVAL));
            Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, 99).Error, Is.EqualTo(Errno.ESRCH));
            Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, 1).Error, Is.EqualTo(Errno.EPERM));
            Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, _machine.Init, 1).Error, Is.EqualTo(Errno.ENOTTY));
        });
    }

    [Test]
    public void TheEndOfALeaderFreesTheTerminal()
    {
        var (_, slave, shell) = Session();
        var job = Catching(_machine.Start(shell, newGroup: true));
        _machine.Ioctl(slave, IoctlNumber.TIOCSPGRP, shell, job.Id);
        shell.Process.Leave(shell, WaitStatus.Exited(0));
        Assert.That((Pending(job), job.Process.ControllingTerminal, ((TtyFile)slave).IsHungUp), Is.EqualTo(("SIGHUP", (IControllingTerminal?)null, false)), "a pair's slave stays usable");
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCGSID, job).Error, Is.EqualTo(Errno.ENOTTY));
    }

    [Test]
    public void AfterTheEndOfALeaderTheLineIsHungUp()
    {
        var shell = Catching(_machine.Start(_machine.Init, newSession: true));
        var line = _machine.Open("/dev/ttyS0", shell);
        var console = _machine.Open("/dev/console", _machine.Init);
        shell.Process.Leave(shell, WaitStatus.Exited(0));
        Assert.That((Read(line), Write(line, "x").Error, Write(console, "x").IsOk), Is.EqualTo(("", Errno.EIO, true)));
        var next = _machine.Start(_machine.Init, newSession: true);
        Assert.That(Write(_machine.Open("/dev/ttyS0", next), "x").IsOk);
        Assert.That(next.Process.ControllingTerminal, Is.Not.Null);
    }

    [Test]
    public void AClosedMasterHangsUp()
    {
        var (master, _, shell) = Session();
        var job = Catching(_machine.Start(shell, newGroup: true));
        master.Release();
        Assert.That((Pending(shell), Pending(job), shell.Process.ControllingTerminal), Is.EqualTo(("SIGHUP SIGCONT", "", (IControllingTerminal?)null)));
    }

    [Test]
    public void Tiocnotty()
    {
        var (_, slave, shell) = Session();
        var job = _machine.Start(shell);
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCNOTTY, job).Error, Is.EqualTo(Errno.None));
        Assert.That((job.Process.ControllingTerminal is null, shell.Process.ControllingTerminal is null), Is.EqualTo((true, false)));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCNOTTY, shell).Error, Is.EqualTo(Errno.None));
        Assert.That((shell.Process.ControllingTerminal, Pending(shell)), Is.EqualTo(((IControllingTerminal?)null, "SIGHUP SIGCONT")));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TIOCNOTTY, shell).Error, Is.EqualTo(Errno.ENOTTY));
    }
}
