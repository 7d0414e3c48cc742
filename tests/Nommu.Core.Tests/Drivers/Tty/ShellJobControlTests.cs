using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>Job control as shells do it and people use it: Ctrl-Z, jobs, bg, fg, kill %1, reads and writes from the background, and what a hang-up does.</summary>
[TestFixture("/bin/hush")]
[TestFixture("/bin/ash", Explicit = true, Reason = "it needs fork(2)")]
[TestFixture("/bin/bash", Explicit = true, Reason = "it needs fork(2)")]
public class ShellJobControlTests(string path)
{
    private TypedShell _shell = null!;

    [SetUp]
    public async Task StartAsync() => _shell = await TypedShell.StartAsync(path);

    [TearDown]
    public async Task StopAsync() => await _shell.DisposeAsync();

    [Test]
    public async Task AJobIsStoppedContinuedBehindAndInFrontAndInterrupted()
    {
        await StartAndStopAsync("sh -c 'echo go; exec sleep 1000'");
        Assert.That(await _shell.RunAsync("jobs"), Does.Contain("[1]").And.Contain("Stopped"));
        await _shell.RunAsync("bg");
        Assert.That(await _shell.RunAsync("jobs"), Does.Contain("[1]").And.Contain("Running"));
        await _shell.ForegroundAsync("fg");
        await StopAsync("\x1a");
        Assert.That(await _shell.RunAsync("jobs"), Does.Contain("Stopped"));
        await _shell.ForegroundAsync("fg %1");
        await StopAsync("\x03");
        Assert.That(await _shell.RunAsync("echo $?."), Does.Contain("130."));
        Assert.That(await _shell.RunAsync("jobs"), Does.Not.Contain("sleep"));
    }

    [Test]
    public async Task JobsAreKilledByTheirNumbers()
    {
        await _shell.RunAsync("sleep 1001 &");
        await _shell.RunAsync("sleep 1002 &");
        Assert.That(await _shell.RunAsync("jobs"), Does.Contain("[1]").And.Contain("[2]"));
        await _shell.RunAsync("kill %1");
        await UntilGoneAsync("sleep 1001");
        Assert.That(await _shell.RunAsync("ps"), Does.Contain("sleep 1002"));
        // Who is stopped dies of a signal once it is continued, but of SIGKILL at once.
        await _shell.ForegroundAsync("fg %2");
        await StopAsync("\x1a");
        await _shell.RunAsync("kill %%");
        Assert.That(await _shell.RunAsync("ps"), Does.Contain("sleep 1002"));
        await _shell.RunAsync("kill -9 %%");
        await UntilGoneAsync("sleep 1002");
    }

    [Test]
    public async Task WhatReadsFromTheBackgroundIsStopped()
    {
        await _shell.RunAsync("cat </dev/tty &");
        await _shell.UntilAsync("jobs", "Stopped");
        await _shell.ForegroundAsync("fg");
        await _shell.TypeAsync("typed line\r");
        await _shell.ExpectAsync("typed line\r\ntyped line\r\n");
        await _shell.TypeAsync("\x04");
        await _shell.PromptAsync();
        Assert.That(await _shell.RunAsync("jobs"), Does.Not.Contain("cat"));
    }

    [Test]
    public async Task WhatWritesFromTheBackgroundIsStoppedWhereTheTerminalSaysSo()
    {
        await _shell.TypeAsync("sh -c 'echo back''ground' &\r");
        await _shell.ExpectAsync("background\r\n");
        await _shell.TypeAsync("echo $((6*7)).\r");
        await _shell.ExpectAsync("\n42.");
        await _shell.PromptAsync();
        await _shell.RunAsync("stty tostop");
        await _shell.RunAsync("sh -c 'echo other''wise' &");
        await _shell.UntilAsync("jobs", "Stopped");
        await _shell.TypeAsync("fg\r");
        await _shell.ExpectAsync("otherwise\r\n");
    }

    [Test]
    public async Task APipelineIsOneJob()
    {
        await StartAndStopAsync("sleep 1003 | cat | sh -c 'echo go; exec cat'");
        var states = await _shell.RunAsync("grep -h State: /proc/[0-9]*/status");
        Assert.That(states.Split('\n').Count(line => line.Contains("T (stopped)", StringComparison.Ordinal)), Is.EqualTo(3), states);
        await _shell.ForegroundAsync("fg");
        await StopAsync("\x03");
        await UntilGoneAsync("sleep 1003");
        Assert.That(await _shell.RunAsync("ps"), Does.Not.Contain(" cat"));
    }

    [Test]
    public async Task AHangUpReachesWhoIsInFrontAndWhoIsStopped()
    {
        // The first stops, the second runs in front, when the line breaks.
        await StartAndStopAsync("sh -c 'trap \"echo stopped >>/tmp/told; exit\" HUP; echo go; while :; do sleep 0.1; done'");
        await _shell.TypeAsync("sh -c 'trap \"echo front >>/tmp/told; exit\" HUP; echo go; while :; do sleep 0.1; done'\r");
        await _shell.ExpectAsync("\ngo\r\n");
        _shell.Terminal.Dispose();
        await _shell.Process.WaitForExitAsync().WaitAsync(TypedShell.Longest);
        ProgramRun told;
        var limit = DateTime.UtcNow + TypedShell.Longest;
        do
            told = await ProgramRun.InKernelAsync(_shell.Kernel, "/bin/cat", "/", "/tmp/told");
        while (told.Output.Length < "front stopped ".Length && DateTime.UtcNow < limit);
        Assert.That(told.Output.Split('\n'), Is.EquivalentTo(new[] { "front", "stopped", "" }));
    }

    /// <summary>Starts a job that says when it is in the foreground, and stops it.</summary>
    private async Task StartAndStopAsync(string job)
    {
        await _shell.TypeAsync(job + "\r");
        await _shell.ExpectAsync("\ngo\r\n");
        await StopAsync("\x1a");
    }

    /// <summary>Types a key that takes the job from the foreground.</summary>
    private async Task StopAsync(string key)
    {
        await _shell.TypeAsync(key);
        await _shell.PromptAsync();
    }

    private async Task UntilGoneAsync(string command)
    {
        var limit = DateTime.UtcNow + TypedShell.Longest;
        while ((await _shell.RunAsync("ps")).Contains(command, StringComparison.Ordinal))
            Assert.That(DateTime.UtcNow, Is.LessThan(limit), $"{command} is there still");
    }
}
