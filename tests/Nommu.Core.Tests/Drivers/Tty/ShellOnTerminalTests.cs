using System.Text;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>A real shell on a terminal that the test types at.</summary>
public class ShellOnTerminalTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly StringBuilder _seen = new();
    private Kernel _kernel = null!;
    private GuestTerminal _terminal = null!;
    private GuestProcess _shell = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).Build();
        await _kernel.BootAsync();
        _terminal = _kernel.CreateTerminal();
        _terminal.Resize(80, 24);
        var info = new GuestProcessStartInfo("/bin/sh", "-i") { Terminal = _terminal };
        info.Environment["PS1"] = "READY> ";
        _shell = _kernel.Start(info);
        await ExpectAsync("READY> ");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _kernel.DisposeAsync();
        _terminal.Dispose();
    }

    private Task TypeAsync(string keys) => _terminal.Input.WriteAsync(Encoding.UTF8.GetBytes(keys)).AsTask();

    /// <summary>Reads the screen up to a text, and forgets it up to there.</summary>
    private async Task<string> ExpectAsync(string text)
    {
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(Longest);
        while (true)
        {
            var all = _seen.ToString();
            var at = all.IndexOf(text, StringComparison.Ordinal);
            if (at >= 0)
            {
                _seen.Remove(0, at + text.Length);
                return all[..at];
            }
            try
            {
                var count = await _terminal.Output.ReadAsync(buffer, patience.Token);
                Assert.That(count, Is.Positive, $"the screen ended without {text}: {all}");
                _seen.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{text} does not come: {_seen}");
            }
        }
    }

    [Test]
    public async Task CommandsAreTypedAndAnswered()
    {
        await TypeAsync("echo $((6*7))!\r");
        await ExpectAsync("42!\r\n");
        await TypeAsync("stty size\r");
        await ExpectAsync("24 80");
        await TypeAsync("exit 3\r");
        Assert.That(await _shell.WaitForExitAsync().WaitAsync(Longest), Is.EqualTo(3));
    }

    [Test]
    public async Task KeysInterruptAndStopJobs()
    {
        Assert.That(_seen.ToString(), Does.Not.Contain("job control turned off"));
        // The job itself says when it is in the foreground.
        await TypeAsync("sh -c 'echo go; exec sleep 1000'\r");
        await ExpectAsync("\r\ngo\r\n");
        await TypeAsync("\x03");
        await ExpectAsync("READY> ");
        await TypeAsync("echo $?.\r");
        await ExpectAsync("130.");
        await TypeAsync("sh -c 'echo go; exec sleep 1000'\r");
        await ExpectAsync("\r\ngo\r\n");
        await TypeAsync("\x1a");
        await ExpectAsync("[1] ");
        await ExpectAsync("READY> ");
        await TypeAsync("kill -9 %1; wait; echo \"done\".\r");
        await ExpectAsync("\r\ndone.");
        await TypeAsync("\x04");
        await _shell.WaitForExitAsync().WaitAsync(Longest);
    }

    [Test]
    public async Task WhenTheTerminalGoesTheShellIsToldAndEnds()
    {
        _terminal.Dispose();
        Assert.That(await _shell.WaitForExitAsync().WaitAsync(Longest), Is.EqualTo(129));
    }
}
