using System.Diagnostics;
using System.Net;
using Nommu.Core.Processes;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Boot;

namespace Nommu.Core.Tests.Debugging;

/// <summary>The host's own gdb looks at tests/guest/crash.tool.c, as somebody would who types.</summary>
[TestFixture(false)]
[TestFixture(true)]
public class GdbTests(bool traps)
{
    [SetUp]
    public void NeedGdb() => Assume.That(File.Exists("/usr/bin/gdb"), "the host has no gdb");

    [Test]
    public async Task BreakpointsVariablesAndTheEnd()
    {
        var run = await RunAsync("count", "break add", "continue", "backtrace", "print counter", "print by", "set var counter=100", "delete", "continue");
        Assert.That(run.Gdb, Does.Contain("add (by=by@entry=1)").And.Contain("crash.tool.c:").And.Match(@"#1 .* in main \(").And.Contain("$1 = 41").And.Contain("$2 = 1").And.Contain("exited with code 07"));
        Assert.That(run.Output, Is.EqualTo("one\n101\n103\n106\n"));
    }

    [Test]
    public async Task StepsAndCallsOfFunctions()
    {
        var run = await RunAsync("count", "break main", "continue", "next", "next", "next", "next", "break add", "continue", "finish", "delete", "print add(1000)", "stepi 300", "info registers fs_base mxcsr orig_rax", "print $xmm0.uint128", "continue");
        Assert.That(run.Gdb, Does.Contain("close(77)").And.Contain("write(1, number, 4)").And.Contain("Value returned is $1 = 42").And.Contain("$2 = 1042").And.Contain("fs_base").And.Contain("exited with code 07"));
        Assert.That(run.Output, Is.EqualTo("one\n42\n1044\n1047\n"));
    }

    [Test]
    public async Task AFaultIsSeenWhereItIs()
    {
        var run = await RunAsync("segv", "continue", "backtrace", "x/i $pc", "continue");
        Assert.That(run.Gdb, Does.Contain("received signal SIGSEGV").And.Contain("write_nowhere (value=0)").And.Match(@"#4 .* in main \(").And.Contain("=> 0x").And.Contain("terminated with signal SIGSEGV"));
    }

    [Test]
    public async Task ThreadsAreListedAndStopTogether()
    {
        var run = await RunAsync("thread", "break work", "continue", "info threads", "thread 1", "thread 2", "delete", "continue", "backtrace 3", "continue");
        Assert.That(run.Gdb, Does.Contain("hit Breakpoint 1, work").And.Match(@"(?m)^\s+1 +Thread ").And.Match(@"(?m)^\* 2 +Thread .*work").And.Contain("received signal SIGSEGV").And.Match(@"#2 .* in work \(").And.Contain("terminated with signal SIGSEGV"));
    }

    [Test]
    public async Task SignalsStopAndPass()
    {
        var run = await RunAsync("handler", "continue", "signal 0", "continue");
        Assert.That(run.Gdb, Does.Contain("received signal SIGUSR1").And.Contain("exited with code 07"));
        run = await RunAsync("handler", "handle SIGUSR1 nostop noprint pass", "continue", "backtrace");
        Assert.That(run.Gdb, Does.Contain("received signal SIGSEGV").And.Contain("in handler (signal=").And.Contain("<signal handler called>"));
    }

    [Test]
    public async Task DetachedItGoesOn()
    {
        var run = await RunAsync("count", "break add", "continue", "detach");
        Assert.That((run.Output, run.Status), Is.EqualTo(("one\n42\n44\n47\n", 7)));
        Assert.That(run.Gdb, Does.Contain("detached"));
    }

    [Test]
    public async Task Killed()
    {
        var run = await RunAsync("count", "break add", "continue", "kill");
        Assert.That((run.Output, run.Status), Is.EqualTo(("one\n", 128 + 9)));
    }

    /// <summary>The child runs into the breakpoint in its parent's memory, and does not care.</summary>
    [Test]
    public async Task AVforkChildIsLeftAlone()
    {
        var run = await RunAsync("vfork", "break add", "continue", "print by", "delete", "continue");
        Assert.That(run.Gdb, Does.Contain("$1 = 1").And.Contain("exited with code 07"));
        Assert.That(run.Output, Does.Contain("child: exited with 0"));
    }

    [Test]
    public async Task AnotherProgramIsFollowed()
    {
        var run = await RunAsync("exec", "break add", "continue", "print by", "delete", "continue");
        Assert.That(run.Gdb, Does.Contain("is executing new program: ").And.Contain("add (by=by@entry=1)").And.Contain("exited with code 07"));
    }

    private sealed record GdbRun(string Gdb, string Output, int Status);

    private async Task<GdbRun> RunAsync(string how, params string[] commands)
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => _ = traps ? builder.UseRewriting<TrapStrategy>() : builder);
        await using var server = kernel.StartUnderDebugger(new GuestProcessStartInfo("/guest/crash.tool", how), new IPEndPoint(IPAddress.Loopback, 0));
        var info = new ProcessStartInfo("/usr/bin/gdb") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in new[] { "-nx", "-batch" })
            info.ArgumentList.Add(argument);
        foreach (var command in commands.Prepend($"target remote {server.EndPoint}").Prepend("set pagination off").Prepend("set debuginfod enabled off"))
        {
            info.ArgumentList.Add("-ex");
            info.ArgumentList.Add(command);
        }
        using var gdb = Process.Start(info)!;
        gdb.StandardInput.Close();
        var (output, error) = (gdb.StandardOutput.ReadToEndAsync(), gdb.StandardError.ReadToEndAsync());
        try
        {
            await gdb.WaitForExitAsync().WaitAsync(TestKernel.Longest);
        }
        catch (TimeoutException)
        {
            gdb.Kill();
        }
        if (!server.Process.HasExited)
            await server.DisposeAsync();
        var status = await server.Process.WaitForExitAsync().WaitAsync(TestKernel.Longest);
        return new GdbRun(await output + await error, await server.Process.StandardOutput.ReadToEndAsync(), status);
    }
}
