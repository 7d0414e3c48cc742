namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>A real shell on a terminal that the test types at.</summary>
public class ShellOnTerminalTests
{
    private TypedShell _shell = null!;

    [SetUp]
    public async Task StartAsync() => _shell = await TypedShell.StartAsync("/bin/sh");

    [TearDown]
    public async Task StopAsync() => await _shell.DisposeAsync();

    [Test]
    public async Task CommandsAreTypedAndAnswered()
    {
        await _shell.TypeAsync("echo $((6*7))!\r");
        await _shell.ExpectAsync("42!\r\n");
        await _shell.TypeAsync("stty size\r");
        await _shell.ExpectAsync("24 80");
        await _shell.TypeAsync("exit 3\r");
        Assert.That(await _shell.Process.WaitForExitAsync().WaitAsync(TypedShell.Longest), Is.EqualTo(3));
    }

    [Test]
    public async Task KeysInterruptAndStopJobs()
    {
        Assert.That(_shell.Seen, Does.Not.Contain("job control turned off"));
        // The job itself says when it is in the foreground.
        await _shell.TypeAsync("sh -c 'echo go; exec sleep 1000'\r");
        await _shell.ExpectAsync("\r\ngo\r\n");
        await _shell.TypeAsync("\x03");
        await _shell.ExpectAsync("READY> ");
        await _shell.TypeAsync("echo $?.\r");
        await _shell.ExpectAsync("130.");
        await _shell.TypeAsync("sh -c 'echo go; exec sleep 1000'\r");
        await _shell.ExpectAsync("\r\ngo\r\n");
        await _shell.TypeAsync("\x1a");
        await _shell.ExpectAsync("[1] ");
        await _shell.ExpectAsync("READY> ");
        await _shell.TypeAsync("kill -9 %1; wait; echo \"done\".\r");
        await _shell.ExpectAsync("\r\ndone.");
        await _shell.TypeAsync("\x04");
        await _shell.Process.WaitForExitAsync().WaitAsync(TypedShell.Longest);
    }

    [Test]
    public async Task WhenTheTerminalGoesTheShellIsToldAndEnds()
    {
        _shell.Terminal.Dispose();
        Assert.That(await _shell.Process.WaitForExitAsync().WaitAsync(TypedShell.Longest), Is.EqualTo(129));
    }
}
