using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Drivers.Tty;

namespace Nommu.Core.Tests.Drivers.Tty;

public class LineDisciplineTests
{
    private sealed class Recorder : ITerminalSide
    {
        internal List<byte> Screen { get; } = [];

        internal List<string> Told { get; } = [];

        public void Echo(ReadOnlySpan<byte> bytes) => Screen.AddRange(bytes);

        public void Raise(int signal) => Told.Add($"signal {signal}");

        public void DiscardOutput() => Told.Add("discard");

        public void FlowChanged(bool stopped) => Told.Add(stopped ? "stop" : "go");
    }

    private readonly Recorder _terminal = new();

    private static (byte[] Bytes, int[] Reads) ReadAll(LineDiscipline line)
    {
        var all = new List<byte>();
        var reads = new List<int>();
        var buffer = new byte[8192];
        while (line.CanRead(1))
        {
            var count = line.Read(buffer);
            all.AddRange(buffer.AsSpan(0, count));
            reads.Add(count);
        }
        return ([.. all], [.. reads]);
    }

    private static string Show(byte[] bytes) => Encoding.Latin1.GetString(bytes).Replace("\r", "\\r").Replace("\n", "\\n").Replace("\b", "\\b").Replace("\t", "\\t");

    private void AssertLikeHost(in Termios termios, byte[] typed, string what)
    {
        var line = new LineDiscipline(_terminal);
        line.SetTermios(termios);
        line.Receive(typed);
        var (bytes, reads) = ReadAll(line);
        using var host = new HostPty(termios);
        host.Type(typed);
        var screen = host.Screen(_terminal.Screen.Count);
        Assert.That(Show([.. _terminal.Screen]), Is.EqualTo(Show(screen)), $"screen, {what}, typed {Show(typed)}");
        var program = host.Program(bytes.Length, reads.Length);
        Assert.That(Show(bytes), Is.EqualTo(Show(program.Bytes)), $"program, {what}, typed {Show(typed)}");
        Assert.That(reads, Is.EqualTo(program.Reads), $"reads, {what}, typed {Show(typed)}");
        _terminal.Screen.Clear();
    }

    private static IEnumerable<string> Scripts() =>
    [
        "hello\r", "hellp\x7fo\r", "one two\x17three\r", "gone\x15new\r", "\x04", "part\x04", "a\x16\x03b\r", "tab\tx\x7f\x7f\x7f\r", "a\tb\t\x15ok\r",
        "x\x12y\r", "\x01\x02\x7f\r", "\x7f\x17\x15\r", "two\rlines\r", "foo_bar1  baz  \x17\x17!\r", "\xc3\xa9\x7f\r", "a\nb\r",
    ];

    [Test]
    public void EditingIsAsOnLinux()
    {
        foreach (var script in Scripts())
            AssertLikeHost(Termios.Initial, Encoding.Latin1.GetBytes(script), "initial settings");
    }

    /// <summary>Random settings and random typing, ours against the host's own N_TTY. No tabs: see <see cref="LineDiscipline"/>'s remarks.</summary>
    [Test]
    public void RandomTypingIsAsOnLinux()
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        ReadOnlySpan<byte> keys = [.. "abz_ 19.A"u8, 13, 10, 127, 21, 23, 22, 4, 18, 1, 0xc3, 0xa9];
        for (var round = 0; round < 1000; round++)
        {
            var termios = Termios.Initial;
            termios.Input ^= (TermiosInput)random.Next() & (TermiosInput.ISTRIP | TermiosInput.INLCR | TermiosInput.IGNCR | TermiosInput.ICRNL | TermiosInput.IUCLC | TermiosInput.IXON);
            termios.Output ^= (TermiosOutput)random.Next() & (TermiosOutput.OPOST | TermiosOutput.ONLCR | TermiosOutput.OCRNL | TermiosOutput.ONOCR | TermiosOutput.ONLRET | TermiosOutput.OLCUC);
            termios.Local ^= (TermiosLocal)random.Next() & (TermiosLocal.ECHO | TermiosLocal.ECHOE | TermiosLocal.ECHOK | TermiosLocal.ECHOKE | TermiosLocal.ECHOCTL | TermiosLocal.ECHONL | TermiosLocal.IEXTEN);
            if (random.Next(4) == 0)
                termios.Local &= ~TermiosLocal.ICANON;
            var typed = random.GetItems(keys, random.Next(1, 40));
            AssertLikeHost(termios, typed, $"seed {seed}, round {round}, {termios.Input}; {termios.Output}; {termios.Local}");
        }
    }

    [Test]
    public void SignalCharactersFlushAndRaise()
    {
        var line = new LineDiscipline(_terminal);
        line.Receive("lost\x03"u8);
        Assert.That(_terminal.Told, Is.EqualTo(new[] { "discard", "signal 2" }));
        line.Receive("\x1c\x1a"u8);
        Assert.That(_terminal.Told.Where(told => told != "discard"), Is.EqualTo(new[] { "signal 2", "signal 3", "signal 20" }));
        line.Receive("kept\r"u8);
        Assert.That(Show(ReadAll(line).Bytes), Is.EqualTo("kept\\n"));
    }

    [Test]
    public void FlowControl()
    {
        var line = new LineDiscipline(_terminal);
        line.Receive("\x13"u8);
        Assert.That(line.Stopped);
        line.Receive("\x11"u8);
        Assert.That(_terminal.Told, Is.EqualTo(new[] { "stop", "go" }));
        Assert.That(ReadAll(line).Bytes, Is.Empty);
    }

    [Test]
    public void RawReadsWaitForVmin()
    {
        var line = new LineDiscipline(_terminal);
        var raw = Termios.Initial;
        raw.Local = 0;
        raw.Characters[(int)TermiosCharacter.VMIN] = 3;
        line.SetTermios(raw);
        line.Receive("ab"u8);
        Assert.That((line.CanRead(100), line.CanRead(2), line.Available), Is.EqualTo((false, true, 2)));
        line.Receive("c"u8);
        Assert.That(line.CanRead(100));
    }

    [Test]
    public void ALongLineKeepsRoomForItsEnd()
    {
        var typed = new byte[5000];
        Array.Fill(typed, (byte)'x');
        typed[^1] = (byte)'\r';
        var line = new LineDiscipline(_terminal);
        line.Receive(typed);
        var (bytes, reads) = ReadAll(line);
        Assert.That((bytes.Length, reads.Length, bytes[^1]), Is.EqualTo((4096, 1, (byte)'\n')));
    }
}
