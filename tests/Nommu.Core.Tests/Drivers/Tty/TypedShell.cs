using System.Text;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>A shell in a kernel of its own, on a terminal that a test types at and whose screen it reads.</summary>
internal sealed class TypedShell : IAsyncDisposable
{
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private const string Prompt = "READY> ";

    private readonly StringBuilder _seen = new();

    private TypedShell(Kernel kernel) => (Kernel, Terminal) = (kernel, kernel.CreateTerminal());

    internal Kernel Kernel { get; }

    internal GuestTerminal Terminal { get; }

    internal GuestProcess Process { get; private set; } = null!;

    /// <summary>What is on the screen and has not been expected yet.</summary>
    internal string Seen => _seen.ToString();

    /// <param name="path">The shell, and its arguments.</param>
    internal static Task<TypedShell> StartAsync(params string[] path) => StartAsync(Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).Build(), 80, path);

    /// <summary>On the host's own files, where ps(1) may be anything or nothing.</summary>
    /// <param name="path">The shell, and its arguments.</param>
    internal static async Task<TypedShell> StartOnHostAsync(params string[] path)
    {
        var shell = await StartAsync(Kernel.CreateBuilder().UseHostRoot("/").Build(), 200, path);
        await shell.RunAsync("ps() { for f in /proc/[1-9]*/cmdline; do echo \" $(tr '\\0' ' ' <$f)\"; done; }");
        return shell;
    }

    private static async Task<TypedShell> StartAsync(Kernel kernel, int columns, string[] path)
    {
        await kernel.BootAsync();
        var shell = new TypedShell(kernel);
        shell.Terminal.Resize(columns, 24);
        var info = new GuestProcessStartInfo(path[0], [.. path[1..], "-i"]) { Terminal = shell.Terminal };
        info.Environment["PS1"] = Prompt;
        shell.Process = kernel.Start(info);
        await shell.ExpectAsync(Prompt);
        return shell;
    }

    internal Task TypeAsync(string keys) => Terminal.Input.WriteAsync(Encoding.UTF8.GetBytes(keys)).AsTask();

    /// <summary>Types a command that ends at once.</summary>
    /// <returns>What it prints.</returns>
    internal async Task<string> RunAsync(string command)
    {
        await TypeAsync(command + "\r");
        await ExpectAsync("\n");
        return await ExpectAsync(Prompt);
    }

    /// <summary>Types a command until it prints what is wanted, since what it tells of takes a while.</summary>
    internal async Task UntilAsync(string command, string wanted)
    {
        var limit = DateTime.UtcNow + Longest;
        string text;
        while (!(text = await RunAsync(command)).Contains(wanted, StringComparison.Ordinal))
            Assert.That(DateTime.UtcNow, Is.LessThan(limit), $"{command} prints {text}");
    }

    /// <summary>Types a command that puts a job into the foreground, and waits until it runs there: what is typed before is the shell's, and what stops it before it is continued is forgotten then.</summary>
    internal async Task ForegroundAsync(string command)
    {
        await TypeAsync(command + "\r");
        var limit = DateTime.UtcNow + Longest;
        while (!HasForeground())
        {
            Assert.That(DateTime.UtcNow, Is.LessThan(limit), $"{command} brings nothing into the foreground");
            await Task.Delay(1);
        }
    }

    private bool HasForeground()
    {
        lock (Process.Tasks.Lock)
            return Terminal.ForegroundGroup is { } group && group != Process.Group && group.Members.All(member => member.State == ProcessState.Running);
    }

    internal Task PromptAsync() => ExpectAsync(Prompt);

    /// <summary>Reads the screen up to a text, and forgets it up to there.</summary>
    internal async Task<string> ExpectAsync(string text)
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
                var count = await Terminal.Output.ReadAsync(buffer, patience.Token);
                Assert.That(count, Is.Positive, $"the screen ended without {text}: {all}");
                _seen.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"{text} does not come: {_seen}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Kernel.DisposeAsync();
        Terminal.Dispose();
    }
}
