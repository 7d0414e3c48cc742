using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>Job control as shells do it and people use it: Ctrl-Z, jobs, bg, fg, kill %1, reads and writes from the background, and what a hang-up does.</summary>
/// <param name="name">The shell: hush of the guests' root, which runs without fork(2), or one of Debian's, which fork.</param>
[TestFixture("hush")]
[TestFixture("ash")]
[TestFixture("dash")]
[TestFixture("bash")]
public class ShellJobControlTests(string name)
{
    private TypedShell _shell = null!;
    private IDisposable? _turn;

    /// <summary>Whether what it kills by SIGTERM is continued, so that it dies though it is stopped.</summary>
    private bool ContinuesWhatItKills => name == "bash";

    [SetUp]
    public async Task StartAsync()
    {
        if (name == "hush")
        {
            _shell = await TypedShell.StartAsync("/bin/hush");
            return;
        }
        string[] command = name switch
        {
            "ash" => [$"{GuestPaths.DebianPackages}/bin/busybox", "ash"],
            "bash" => ["/usr/bin/bash", "--norc", "--noprofile"],
            _ => ["/usr/bin/dash"],
        };
        Assert.That(command[0], Does.Exist);
        if (name == "ash")
            _turn = await FixedAddressTurn.TakeAsync();
        _shell = await TypedShell.StartOnHostAsync(command);
    }

    [TearDown]
    public async Task StopAsync()
    {
        if (_shell is not null)
            await _shell.DisposeAsync();
        _turn?.Dispose();
    }

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
        if (!ContinuesWhatItKills)
        {
            Assert.That(await _shell.RunAsync("ps"), Does.Contain("sleep 1002"));
            await _shell.RunAsync("kill -9 %%");
        }
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
        // It says so when all are executed: a shell's child ignores Ctrl-Z, as the shell does, until shortly before.
        await StartAndStopAsync("sh -c 'echo; exec sleep 1003' | sh -c 'read x; echo; exec cat' | sh -c 'read x; echo go; exec cat'");
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
        // The first stops, the second runs in front, when the line breaks. Neither has children: who is in vfork(2) while its child is stopped does not stop itself, on Linux as here. bash sends SIGTERM besides to who is stopped.
        await StartAndStopAsync("sh -c 'trap \"echo stopped >>/tmp/told; exit\" HUP TERM; echo go; while :; do read x; done'");
        await _shell.TypeAsync("sh -c 'trap \"echo front >>/tmp/told; exit\" HUP TERM; echo go; while :; do read x; done'\r");
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
