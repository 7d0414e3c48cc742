using System.Collections.Concurrent;

namespace Nommu.Core.Tests.Guest;

/// <summary>busybox's own tests of hush: what passes on the host's Linux passes in the kernel, and what does not, passes or fails there in the same way.</summary>
/// <remarks>All are run at once, more than the host has processors: many of them sleep. Each case awaits its own.</remarks>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class HushSuiteTests
{
    private const int AtOnce = 12;

    /// <summary>How often a script may be tried whose outcome hangs on timing.</summary>
    private const int Tries = 4;

    private readonly ConcurrentDictionary<string, Task<(Outcome Native, Outcome Guest)>> _runs = new();
    private readonly SemaphoreSlim _places = new(AtOnce);
    private HushSuite _suite = null!;
    private Kernel _kernel = null!;

    private sealed record Outcome(string Output, bool Passes);

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _suite = new HushSuite();
        _kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory(HushSuite.InKernel, _suite.Directory).Build();
        await _kernel.BootAsync();
        foreach (var script in HushSuite.Scripts())
            _runs[script] = Task.Run(() => RunAsync(script));
    }

    [OneTimeTearDown]
    public async Task DisposeAsync()
    {
        await Task.WhenAll(_runs.Values).ContinueWith(_ => { }, TaskScheduler.Default);
        await _kernel.DisposeAsync();
        _suite.Dispose();
        _places.Dispose();
    }

    [TestCaseSource(typeof(HushSuite), nameof(HushSuite.Scripts))]
    public async Task PassesAsOnLinux(string script)
    {
        var (native, guest) = await _runs[script];
        Assert.That(guest.Output, Is.EqualTo(native.Passes || guest.Passes ? HushSuite.Expected(script) : native.Output));
    }

    [Test]
    public async Task MostPassNatively()
    {
        var runs = await Task.WhenAll(_runs.Values);
        TestContext.Out.WriteLine($"of {runs.Length} scripts {runs.Count(run => run.Native.Passes)} pass natively, {runs.Count(run => run.Guest.Passes)} in the kernel");
        Assert.That(runs.Count(run => run.Native.Passes), Is.GreaterThanOrEqualTo(335));
    }

    private async Task<(Outcome Native, Outcome Guest)> RunAsync(string script)
    {
        await _places.WaitAsync();
        try
        {
            var native = TryAsync(script, _suite.NativelyAsync);
            var guest = TryAsync(script, name => _suite.InKernelAsync(_kernel, name));
            return (await native, await guest);
        }
        finally
        {
            _places.Release();
        }
    }

    private static async Task<Outcome> TryAsync(string script, Func<string, Task<ProgramRun>> run)
    {
        var expected = HushSuite.Expected(script);
        for (var left = HushSuite.IsTimed(script) ? Tries : 1; ; left--)
        {
            var output = HushSuite.Filter((await run(script)).Output);
            if (output == expected || left == 1)
                return new Outcome(output, output == expected);
        }
    }
}
