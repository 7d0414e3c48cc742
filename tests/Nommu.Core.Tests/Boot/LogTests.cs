using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Boot;

/// <summary>The host's loggers carry the boot log and the trace.</summary>
public class LogTests
{
    private readonly LogList _log = new();

    [TearDown]
    public void Dispose() => _log.Dispose();

    [Test]
    public async Task TheBootLogHasLevels()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseLogging(_log).UseCommandLine("mem=lots quiet"));
        var lines = _log.Lines.Where(line => line.Category == "Nommu.Core.Kernel").ToList();
        Assert.That(lines[0].Text, Does.StartWith("Linux version "));
        Assert.That(lines, Does.Contain(new LogLine("Nommu.Core.Kernel", LogLevel.Information, "Command line: mem=lots quiet")));
        Assert.That(lines, Does.Contain(new LogLine("Nommu.Core.Kernel", LogLevel.Warning, "Malformed command line option 'mem=lots'")));
        var dmesg = await kernel.ShellAsync("dmesg");
        Assert.That(lines.Select(line => line.Text), Has.All.Matches<string>(text => dmesg.Contains(text, StringComparison.Ordinal)));
    }

    [Test]
    public async Task AGuestsMessagesArriveToo()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseLogging(_log));
        await kernel.ShellAsync("echo '<3>it burns' > /dev/kmsg");
        Assert.That(_log.Lines, Has.Some.Matches<LogLine>(line => line.Level == LogLevel.Error && line.Text.Contains("it burns", StringComparison.Ordinal)));
    }

    [Test]
    public async Task AContainersLoggersAreTaken()
    {
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(_log).AddNommuKernel(kernel => kernel.UseRootDirectory(GuestPaths.Root));
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<Kernel>().BootAsync();
        Assert.That(_log.Lines, Has.Some.Matches<LogLine>(line => line.Text.StartsWith("Linux version ", StringComparison.Ordinal)));
    }

    [Test]
    public async Task TheTraceIsALinePerCall()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseLogging(_log).Options.TraceSystemCalls = true);
        await kernel.ShellAsync("echo traced");
        var trace = _log.Lines.Where(line => line.Category == "Nommu.Core.SystemCalls").ToList();
        Assert.That(trace.Select(line => line.Level), Has.All.EqualTo(LogLevel.Trace));
        Assert.That(trace.Select(line => line.Text), Has.Some.Contains("write(1, ").And.Some.Contains("exit_group(0"));
    }

    [Test]
    public async Task TheTraceCanGoElsewhere()
    {
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var kernel = await TestKernel.BootAsync(builder => (builder.Options.TraceSystemCalls, builder.Options.TraceOutput) = (true, lines.Enqueue));
        await kernel.ShellAsync("echo traced");
        Assert.That(lines, Has.Some.Contains("write(1, "));
    }

    [Test]
    public async Task WithoutBeingAskedForThereIsNoTrace()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseLogging(_log));
        await kernel.ShellAsync("echo untraced");
        Assert.That(_log.Lines.Select(line => line.Category), Has.None.EqualTo("Nommu.Core.SystemCalls"));
    }
}
