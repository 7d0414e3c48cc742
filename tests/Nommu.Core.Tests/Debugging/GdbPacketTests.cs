using System.Net;
using Nommu.Core.Debugging;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Boot;

namespace Nommu.Core.Tests.Debugging;

/// <summary>The server by its packets: what gdb itself seldom or never sends, too.</summary>
public class GdbPacketTests
{
    private const int Rsp = 7, Rip = 16, OrigRax = 57;

    private Kernel _kernel = null!;

    [SetUp]
    public async Task Boot() => _kernel = await TestKernel.BootWithProgramsAsync();

    [TearDown]
    public async Task Halt() => await _kernel.DisposeAsync();

    private GdbServer Start(string how) => _kernel.StartUnderDebugger(new GuestProcessStartInfo("/guest/crash.tool", how), new IPEndPoint(IPAddress.Loopback, 0));

    [Test]
    public async Task PacketsAreAcknowledgedUntilBothDoWithout()
    {
        await using var server = Start("count");
        using var client = new GdbClient(server);
        client.Raw("$?#00");
        Assert.That(client.ReadByte(), Is.EqualTo('-'));
        Assert.That(client.Ask("?"), Does.StartWith("T02thread:"));
        Assert.That(client.Ask("qSupported:swbreak+"), Does.Contain("QStartNoAckMode+").And.Contain("qXfer:features:read+"));
        Assert.That(client.Ask("QStartNoAckMode"), Is.EqualTo("OK"));
        client.Raw("$qC#b4");
        Assert.That(client.Receive(), Is.EqualTo($"QC{server.Process.Id:x}"));
    }

    [TestCase("!", "")]
    [TestCase("vMustReplyEmpty", "")]
    [TestCase("Z1,1000,1", "")]
    [TestCase("Z0,8,1", "E0e")]
    [TestCase("m8,4", "E0e")]
    [TestCase("M8,1:00", "E0e")]
    [TestCase("pff", "E16")]
    [TestCase("Pff=00", "E16")]
    [TestCase("P0", "E16")]
    [TestCase("Mzz", "E16")]
    [TestCase("T7777", "E03")]
    [TestCase("Hg7777", "E03")]
    [TestCase("qXfer:nothing:read::0,100", "")]
    [TestCase("vFile:open:2f6e6f,0,0", "F-1,2")]
    [TestCase("vFile:pread:63,1,0", "F-1,9")]
    public async Task WhatIsWrongIsAnswered(string packet, string answer)
    {
        await using var server = Start("count");
        using var client = new GdbClient(server);
        Assert.That(client.Ask(packet), Is.EqualTo(answer));
    }

    [Test]
    public async Task RegistersAndMemoryCanBeReadAndWritten()
    {
        await using var server = Start("count");
        using var client = new GdbClient(server);
        Assert.That(client.Ask("g"), Has.Length.EqualTo(2 * ((17 * 8) + (7 * 4) + (8 * 10) + (8 * 4) + (16 * 16) + 4 + (3 * 8))));
        Assert.That(client.Ask("P0=efcdab8967452301"), Is.EqualTo("OK"));
        Assert.That(client.Register(0), Is.EqualTo(0x0123456789abcdefUL));
        Assert.That(client.Ask("P28=00112233445566778899aabbccddeeff"), Is.EqualTo("OK"));
        Assert.That(client.Ask("p28"), Is.EqualTo("00112233445566778899aabbccddeeff"));
        Assert.That(client.Register(OrigRax), Is.EqualTo(ulong.MaxValue));
        var below = client.Register(Rsp) - 64;
        Assert.That(client.Ask($"M{below:x},4:7d232400"), Is.EqualTo("OK"));
        Assert.That(client.Ask($"m{below:x},4"), Is.EqualTo("7d232400"));
        Assert.That(client.Ask($"x{below:x},4"), Is.EqualTo("b}\u005d}\u0003}\u0004\0"));
        Assert.That(client.Ask($"X{below:x},2:}}\u0003A"), Is.EqualTo("OK"));
        Assert.That(client.Ask($"m{below:x},2"), Is.EqualTo("2341"));
        var all = client.Ask("g");
        Assert.That(client.Ask("G" + all), Is.EqualTo("OK"));
        Assert.That(client.Ask("g"), Is.EqualTo(all));
    }

    [Test]
    public async Task ABreakpointIsNotSeenInMemory()
    {
        await using var server = Start("count");
        using var client = new GdbClient(server);
        var pc = client.Register(Rip);
        var code = client.Ask($"m{pc:x},10");
        Assert.That(client.Ask($"Z0,{pc:x},1"), Is.EqualTo("OK"));
        Assert.That(client.Ask($"m{pc:x},10"), Is.EqualTo(code));
        Assert.That(client.Ask("vCont;c"), Is.EqualTo($"T05thread:{server.Process.Id:x};swbreak:;"));
        Assert.That(client.Register(Rip), Is.EqualTo(pc));
        Assert.That(client.Ask($"z0,{pc:x},1"), Is.EqualTo("OK"));
        Assert.That(client.Ask("vCont;s:-1"), Does.StartWith("T05"));
        Assert.That(client.Register(Rip), Is.Not.EqualTo(pc));
        Assert.That(client.Ask("vCont;c"), Is.EqualTo("W07"));
    }

    [Test]
    public async Task AProgramCanBeSteppedThrough([Values] bool traps)
    {
        await using var kernel = traps ? await TestKernel.BootWithProgramsAsync(builder => builder.UseRewriting<Nommu.Core.Rewriter.TrapStrategy>()) : await TestKernel.BootWithProgramsAsync();
        await using var server = kernel.StartUnderDebugger(new GuestProcessStartInfo("/guest/crash.tool", "count"), new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new GdbClient(server);
        const int Most = 2000;
        var (steps, stop) = (0, "");
        do
        {
            stop = client.Ask("vCont;s:-1");
            steps++;
        }
        while (stop.StartsWith("T05", StringComparison.Ordinal) && steps < Most);
        if (steps == Most)
            stop = client.Ask("vCont;c");
        Assert.That(stop, Is.EqualTo("W07"));
        Assert.That(steps, Is.GreaterThan(500));
        Assert.That(await server.Process.StandardOutput.ReadToEndAsync(), Is.EqualTo("one\n42\n44\n47\n"));
    }

    [TestCase("read")]
    [TestCase("spin")]
    public async Task WhoRunsOrSleepsCanBeStopped(string how)
    {
        var process = _kernel.Start(new GuestProcessStartInfo("/guest/crash.tool", how));
        Assert.That(await process.StandardOutput.ReadLineAsync(), Is.EqualTo("one"));
        await using var server = _kernel.AttachDebugger(process, new IPEndPoint(IPAddress.Loopback, 0));
        using var client = new GdbClient(server);
        for (var i = 0; i < 5; i++)
        {
            Assert.That(client.Ask("?"), Does.StartWith("T02thread:"));
            client.Send("vCont;c");
            client.Raw("\u0003");
            Assert.That(client.Receive(), Does.StartWith("T02thread:"));
        }
        if (how == "read")
        {
            client.Send("vCont;c");
            await process.StandardInput.WriteLineAsync();
            Assert.That(client.Receive(), Is.EqualTo("W07"));
            return;
        }
        Assert.That(client.Ask("vKill;1"), Is.EqualTo("OK"));
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(128 + 9));
    }

    [Test]
    public async Task FilesOfTheGuestAreRead()
    {
        await using var server = Start("count");
        using var client = new GdbClient(server);
        Assert.That(client.Ask("qXfer:exec-file:read::0,100"), Is.EqualTo("l/guest/crash.tool"));
        Assert.That(client.Ask("vFile:setfs:0"), Is.EqualTo("F0"));
        var fd = client.Ask($"vFile:open:{Convert.ToHexString("/guest/crash.tool"u8)},0,0");
        Assert.That(fd, Does.Match("^F[0-9a-f]+$"));
        Assert.That(client.Ask($"vFile:pread:{fd[1..]},4,0"), Is.EqualTo("F4;\u007fELF"));
        Assert.That(client.Ask($"vFile:fstat:{fd[1..]}"), Does.StartWith("F40;"));
        Assert.That(client.Ask($"vFile:close:{fd[1..]}"), Is.EqualTo("F0"));
        Assert.That(client.Ask("qXfer:auxv:read::0,1000"), Does.StartWith("l"));
        Assert.That(client.Ask("qXfer:threads:read::0,1000"), Does.Contain("name=\"crash.tool\""));
        Assert.That(client.Ask("qfThreadInfo"), Is.EqualTo($"m{server.Process.Id:x}"));
    }

    [Test]
    public async Task AClientThatGoesWithoutAWordLeavesAProcessThatRuns()
    {
        await using var server = Start("count");
        using (var client = new GdbClient(server))
            Assert.That(client.Ask("?"), Does.StartWith("T02"));
        Assert.That(await server.Process.WaitForExitAsync().WaitAsync(TestKernel.Longest), Is.EqualTo(7));
    }

    [Test]
    public async Task WithoutAClientTheEndOfTheServerLetsItGo()
    {
        var server = Start("count");
        await server.DisposeAsync();
        Assert.That(await server.Process.WaitForExitAsync().WaitAsync(TestKernel.Longest), Is.EqualTo(7));
    }

    [Test]
    public async Task ThereIsOneDebuggerAtATime()
    {
        await using var server = Start("count");
        Assert.That(() => _kernel.AttachDebugger(server.Process, new IPEndPoint(IPAddress.Loopback, 0)), Throws.InvalidOperationException);
    }
}
