using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using static Nommu.Core.Tests.Drivers.Tty.TestMachine;

namespace Nommu.Core.Tests.Drivers.Tty;

public class PtyTests
{
    private readonly TestMachine _machine = new();

    private const PollEvents In = PollEvents.POLLIN | PollEvents.POLLRDNORM, Out = PollEvents.POLLOUT | PollEvents.POLLWRNORM;

    private (FileDescription Master, FileDescription Slave) Open()
    {
        var (master, name) = _machine.Pair();
        return (master, _machine.Open(name, _machine.Init, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY));
    }

    private void SetRaw(FileDescription file, byte minimum, byte time)
    {
        var termios = Termios.Initial;
        termios.Local = 0;
        termios.Characters[(int)TermiosCharacter.VMIN] = minimum;
        termios.Characters[(int)TermiosCharacter.VTIME] = time;
        MemoryMarshal.Write(_machine.Memory, termios);
        Assert.That(_machine.Ioctl(file, IoctlNumber.TCSETS, _machine.Init).Error, Is.EqualTo(Errno.None));
    }

    [Test]
    public void BytesGoBothWays()
    {
        var (master, slave) = Open();
        Assert.That((master.Poll(null), slave.Poll(null)), Is.EqualTo((Out, Out)));
        Assert.That(Read(slave), Is.EqualTo("EAGAIN"));
        Assert.That(Write(master, "hello\r").Value, Is.EqualTo(6));
        Assert.That((Read(master), Read(slave)), Is.EqualTo(("hello\r\n", "hello\n")));
        Assert.That(Write(slave, "a\nb").Value, Is.EqualTo(3));
        Assert.That(master.Poll(null), Is.EqualTo(In | Out));
        Assert.That(Read(master), Is.EqualTo("a\r\nb"));
        Write(master, "\x04");
        Assert.That(Read(slave), Is.Empty);
    }

    [Test]
    public void ALockedSlaveIsNotOpened()
    {
        var master = _machine.Open("/dev/pts/ptmx", _machine.Init);
        Assert.That(_machine.TryOpen("/dev/pts/0", _machine.Init).Error, Is.EqualTo(Errno.EIO));
        _machine.Ioctl(master, IoctlNumber.TIOCSPTLCK, _machine.Init, 0);
        Assert.That(_machine.TryOpen("/dev/pts/0", _machine.Init).IsOk);
        Assert.That(_machine.TryOpen("/dev/pts/1", _machine.Init).Error, Is.EqualTo(Errno.ENOENT));
    }

    [Test]
    public void NodesComeAndGo()
    {
        var (master, name) = _machine.Pair();
        var (other, otherName) = _machine.Pair();
        Assert.That((name, otherName), Is.EqualTo(("/dev/pts/0", "/dev/pts/1")));
        var slave = _machine.Open(name, _machine.Init);
        Assert.That((slave.Inode.Gid, (int)slave.Inode.Mode & 0xfff, slave.Inode.Rdev), Is.EqualTo((5u, 0x190, new DeviceNumber(136, 0))));
        master.Release();
        Assert.That(_machine.TryOpen(name, _machine.Init).Error, Is.EqualTo(Errno.ENOENT));
        Assert.That(_machine.Pair().Slave, Is.EqualTo("/dev/pts/2"), "the slave is still open");
        slave.Release();
        Assert.That(_machine.Pair().Slave, Is.EqualTo("/dev/pts/0"));
        other.Release();
    }

    [Test]
    public void WithoutMasterTheSlaveIsHungUp()
    {
        var (master, slave) = Open();
        Write(master, "lost");
        master.Release();
        Assert.That((Read(slave), Write(slave, "x").Error), Is.EqualTo(("", Errno.EIO)));
        Assert.That(slave.Poll(null), Is.EqualTo(In | Out | PollEvents.POLLERR | PollEvents.POLLHUP));
        Assert.That(_machine.Ioctl(slave, IoctlNumber.TCGETS, _machine.Init).Error, Is.EqualTo(Errno.EIO));
    }

    [Test]
    public void WithoutSlavesTheMasterSeesTheEnd()
    {
        var (master, name) = _machine.Pair();
        Assert.That((Read(master), master.Poll(null)), Is.EqualTo(("EAGAIN", Out)), "nobody has been there yet");
        var slave = _machine.Open(name, _machine.Init, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY);
        Write(slave, "bye");
        slave.Release();
        Assert.That(master.Poll(null), Is.EqualTo(In | Out | PollEvents.POLLHUP));
        Assert.That((Read(master), Read(master)), Is.EqualTo(("bye", "EIO")));
        slave = _machine.Open(name, _machine.Init, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY);
        Assert.That(Read(master), Is.EqualTo("EAGAIN"));
    }

    [Test]
    public void WritersWaitForRoomOnBothSides()
    {
        var (master, slave) = Open();
        var block = new string('x', 10000);
        long written = 0;
        while (Write(slave, block).TryGet(out var count))
            written += count;
        Assert.That((written > 50000, slave.Poll(null)), Is.EqualTo((true, PollEvents.None)));
        long read = 0;
        while (Read(master) is not "EAGAIN" and var text)
            read += text.Length;
        Assert.That((read, slave.Poll(null)), Is.EqualTo((written, Out)));
        SetRaw(slave, 1, 0);
        long typed = 0;
        while (Write(master, block).TryGet(out var count))
            typed += count;
        Assert.That((typed > 4096, master.Poll(null) & Out), Is.EqualTo((true, PollEvents.None)));
        read = 0;
        while (Read(slave) is not "EAGAIN" and var text)
            read += text.Length;
        Assert.That(read, Is.EqualTo(typed));
        Assert.That(master.Poll(null) & Out, Is.EqualTo(Out));
    }

    [Test]
    public void FlowControlHoldsOutput()
    {
        var (master, slave) = Open();
        Write(master, "\x13");
        Assert.That((Write(slave, "x").Error, slave.Poll(null)), Is.EqualTo((Errno.EAGAIN, PollEvents.None)));
        Write(master, "\x11");
        Assert.That((Write(slave, "x").Value, Read(master)), Is.EqualTo((1L, "x")));
        _machine.IoctlValue(slave, IoctlNumber.TCXONC, _machine.Init, 0);
        Assert.That(Write(slave, "x").Error, Is.EqualTo(Errno.EAGAIN));
        _machine.IoctlValue(slave, IoctlNumber.TCXONC, _machine.Init, 1);
        Assert.That(Write(slave, "x").IsOk);
    }

    [Test]
    public void VminAndVtime()
    {
        var (master, slave) = Open();
        SetRaw(slave, 0, 0);
        Assert.That(Read(slave), Is.Empty);
        SetRaw(slave, 0, 5);
        Assert.That((Read(slave), _machine.Time.Running), Is.EqualTo(("EAGAIN", new[] { TimeSpan.FromMilliseconds(500) })));
        _machine.Time.Fire();
        Assert.That(Read(slave), Is.Empty);
        Assert.That(Read(slave), Is.EqualTo("EAGAIN"), "the next read waits anew");
        Write(master, "a");
        Assert.That((Read(slave), _machine.Time.Running), Is.EqualTo(("a", Array.Empty<TimeSpan>())));
        SetRaw(slave, 3, 1);
        Assert.That((Read(slave), _machine.Time.Running), Is.EqualTo(("EAGAIN", Array.Empty<TimeSpan>())), "the time runs from the first byte");
        Write(master, "b");
        Assert.That((Read(slave), _machine.Time.Running), Is.EqualTo(("EAGAIN", new[] { TimeSpan.FromMilliseconds(100) })));
        _machine.Time.Fire();
        Assert.That(Read(slave), Is.EqualTo("b"));
        Write(master, "cd");
        Assert.That(Read(slave), Is.EqualTo("EAGAIN"));
        Write(master, "e");
        Assert.That((Read(slave), _machine.Time.Running), Is.EqualTo(("cde", Array.Empty<TimeSpan>())));
    }

    [Test]
    public void ANonblockingReadTakesLessThanVmin()
    {
        var (master, slave) = Open();
        SetRaw(slave, 3, 0);
        Write(master, "a");
        Assert.That((Read(slave), slave.Poll(null)), Is.EqualTo(("EAGAIN", Out)));
        slave.SetFlags(OpenFlags.O_NONBLOCK, OpenFlags.O_NONBLOCK);
        Assert.That(Read(slave), Is.EqualTo("a"));
    }

    [Test]
    public void PacketMode()
    {
        var (master, slave) = Open();
        _machine.Ioctl(master, IoctlNumber.TIOCPKT, _machine.Init, 1);
        Write(slave, "x");
        Assert.That(Read(master), Is.EqualTo("\0x"));
        _machine.IoctlValue(slave, IoctlNumber.TCFLSH, _machine.Init, 0);
        Assert.That(master.Poll(null), Is.EqualTo(In | Out | PollEvents.POLLPRI));
        Assert.That(Read(master), Is.EqualTo("\x01"));
        Write(master, "\x13");
        Assert.That(Read(master), Is.EqualTo("\x04"));
        Write(master, "\x11");
        Assert.That(Read(master), Is.EqualTo("\x08"));
        SetRaw(slave, 1, 0);
        Assert.That(Read(master), Is.EqualTo("EAGAIN"), "IXON stays");
    }

    [Test]
    public void SettingsInAllLayouts()
    {
        var (_, slave) = Open();
        _machine.Ioctl(slave, IoctlNumber.TCGETS2, _machine.Init);
        var full = MemoryMarshal.Read<Termios2>(_machine.Memory);
        Assert.That((full.OutputSpeed, full.InputSpeed, full.Termios.Local), Is.EqualTo((38400u, 38400u, Termios.Initial.Local)));
        full.Termios.Control = (full.Termios.Control & ~(uint)TermiosControl.CBAUD) | (uint)TermiosControl.BOTHER;
        full.OutputSpeed = 12345;
        MemoryMarshal.Write(_machine.Memory, full);
        _machine.Ioctl(slave, IoctlNumber.TCSETS2, _machine.Init);
        _machine.Ioctl(slave, IoctlNumber.TCGETS2, _machine.Init);
        Assert.That(MemoryMarshal.Read<Termios2>(_machine.Memory).OutputSpeed, Is.EqualTo(12345u));
        _machine.Ioctl(slave, IoctlNumber.TCGETA, _machine.Init);
        var narrow = MemoryMarshal.Read<Termio>(_machine.Memory);
        narrow.Local &= unchecked((ushort)~(ushort)TermiosLocal.ECHO);
        narrow.Characters[0] = 7;
        MemoryMarshal.Write(_machine.Memory, narrow);
        _machine.Ioctl(slave, IoctlNumber.TCSETA, _machine.Init);
        _machine.Ioctl(slave, IoctlNumber.TCGETS, _machine.Init);
        var termios = MemoryMarshal.Read<Termios>(_machine.Memory);
        Assert.That((termios.Local, termios[TermiosCharacter.VINTR], termios[TermiosCharacter.VLNEXT]), Is.EqualTo((Termios.Initial.Local & ~TermiosLocal.ECHO, (byte)7, (byte)22)));
    }

    [TestCase(IoctlNumber.TIOCGSERIAL)]
    [TestCase(IoctlNumber.KDGKBTYPE)]
    [TestCase(IoctlNumber.VT_GETSTATE)]
    [TestCase(IoctlNumber.TIOCMGET)]
    [TestCase(IoctlNumber.TIOCGPTN)]
    public void WhatASlaveDoesNotKnowIsEnotty(object request)
    {
        var (_, slave) = Open();
        Assert.That(_machine.Ioctl(slave, (IoctlNumber)request, _machine.Init).Error, Is.EqualTo(Errno.ENOTTY));
    }

    [Test]
    public async Task TheHostsEndIsAStream()
    {
        using var terminal = _machine.Driver.CreateTerminal(_machine.Files);
        var slave = terminal.Open().Value;
        terminal.Resize(100, 30);
        _machine.Ioctl(slave, IoctlNumber.TIOCGWINSZ, _machine.Init);
        Assert.That(MemoryMarshal.Read<Winsize>(_machine.Memory), Is.EqualTo(new Winsize(30, 100, 0, 0)));
        var buffer = new byte[100];
        var reading = terminal.Output.ReadAsync(buffer);
        Assert.That(reading.IsCompleted, Is.False);
        Write(slave, "hi");
        Assert.That(await reading, Is.EqualTo(2));
        await terminal.Input.WriteAsync("ls\r"u8.ToArray());
        Assert.That(Read(slave), Is.EqualTo("ls\n"));
        Assert.That(await terminal.Output.ReadAsync(buffer), Is.EqualTo(4));
        slave.Release();
        Assert.That(await terminal.Output.ReadAsync(buffer), Is.Zero);
        Assert.That(terminal.Name, Is.EqualTo("/dev/pts/0"));
    }

    [Test]
    public void TheConsoleKeepsWhatWasSaidBeforeAnybodyLooked()
    {
        var console = _machine.Open("/dev/console", _machine.Init);
        for (var i = 0; i < 20; i++)
            Assert.That(Write(console, new string((char)('a' + i), 10000)).Value, Is.EqualTo(10000));
        using var terminal = _machine.Driver.ConnectConsole(_machine.Files);
        var buffer = new byte[1 << 20];
        Assert.That((terminal.Output.Read(buffer), buffer[65535]), Is.EqualTo((65536, (byte)'t')));
    }
}
