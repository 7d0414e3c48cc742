using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>What guests get that do what they must not: an error or a signal, each for itself. The host and other guests go on.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class BadInputTests
{
    private readonly LogCapture _log = new();
    private Kernel _kernel = null!;

    [OneTimeSetUp]
    public async Task BootAsync() => _kernel = await BootAsync(_log, "mem=256m");

    [OneTimeTearDown]
    public async Task DisposeAsync()
    {
        await _kernel.DisposeAsync();
        _log.Dispose();
    }

    [TestCase("null", Signal.SIGSEGV)]
    [TestCase("call", Signal.SIGSEGV)]
    [TestCase("wild", Signal.SIGSEGV)]
    [TestCase("divide", Signal.SIGFPE)]
    [TestCase("illegal", Signal.SIGILL)]
    public async Task AFaultEndsTheGuestThatMadeIt(string way, Signal signal)
    {
        var other = _kernel.Start(new GuestProcessStartInfo("/bin/cat"));
        for (var i = 0; i < 20; i++)
        {
            var fault = ProgramRun.InKernelAsync(_kernel, "/guest/fault-deaths", "/", way);
            Assert.That(() => NullDereference(null), Throws.TypeOf<NullReferenceException>());
            Assert.That((await fault).Status, Is.EqualTo(128 + (int)signal));
            await AssertAnswersAsync(other, $"{way} {i}");
        }
        other.StandardInput.Close();
        Assert.That(await other.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Zero);
    }

    /// <summary>A new terminal drops most of what is typed, byte for byte: by itself this would take very long.</summary>
    [TestCase("dd if=/dev/zero of=/dev/ptmx bs=100M count=1")]
    [TestCase("cat /dev/zero >/dev/ptmx")]
    [TestCase("cat /dev/zero >/dev/null")]
    public async Task WhatIsWrittenWithoutEndCanBeKilled(string script)
    {
        var process = _kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", $"echo; exec {script}"));
        Assert.That(await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Empty);
        await AssertBecomesAsync(process, script.Split(' ')[0]);
        process.Kill();
        Assert.That(await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(2)), Is.EqualTo(128 + (int)Signal.SIGKILL));
    }

    [Test]
    public async Task NoMoreMemoryIsEnomem()
    {
        using var log = new LogCapture();
        await using var kernel = await BootAsync(log, "mem=64m");
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/memory.tool", "/");
        Assert.That((run.Output, run.Status), Is.EqualTo(("Out of memory after most of 64 MB\nOut of memory after most of 64 MB\n", 0)));
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/bin/echo", "/", "on")).Output, Is.EqualTo("on\n"));
        Assert.That(kernel.Machine.Arena.Charged, Is.Zero);
    }

    [Test]
    public async Task AFullFileSystemIsEnospc()
    {
        using var log = new LogCapture();
        await using var kernel = await BootAsync(log, "mem=64m");
        var run = await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", "cat /dev/zero > /tmp/all; echo $?; echo more > /tmp/more; echo $?; rm /tmp/all; echo room > /tmp/more; cat /tmp/more");
        Assert.That(run.Output, Is.EqualTo("1\n1\nroom\n"));
        Assert.That(run.Error, Does.Contain("No space left on device"));
    }

    internal static async Task<Kernel> BootAsync(LogCapture log, string commandLine)
    {
        var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).UseCommandLine(commandLine).UseLogging(log).Build();
        await kernel.BootAsync();
        return kernel;
    }

    /// <summary>A guest's cat gives back what it gets.</summary>
    internal static async Task AssertAnswersAsync(GuestProcess cat, string text)
    {
        await cat.StandardInput.WriteLineAsync(text);
        await cat.StandardInput.FlushAsync();
        Assert.That(await cat.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo(text));
    }

    private async Task AssertBecomesAsync(GuestProcess process, string name)
    {
        for (var patience = 100; patience > 0; patience--)
        {
            if ((await ProgramRun.InKernelAsync(_kernel, "/bin/cat", "/", $"/proc/{process.Id}/comm")).Output == $"{name}\n")
                return;
        }
        Assert.Fail("It has not been executed.");
    }

    private static int NullDereference(int[]? nothing) => nothing!.Length;
}
