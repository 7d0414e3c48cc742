using System.Diagnostics;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>A kernel that is disposed of gives everything back, whatever its guests are at. Not beside other tests: it counts what this whole process has.</summary>
[NonParallelizable]
public class DisposalTests
{
    [Test]
    public async Task GuestsAtWorkAreEndedWithinASecond()
    {
        await RunOnceAsync(GuestPaths.Root);
        var before = HostFigures.Now();
        using var log = new LogCapture();
        var kernel = await BadInputTests.BootAsync(log, "");
        string[] scripts = ["echo; while :; do :; done", "echo; sleep 1000", "echo; cat", "echo; sleep 1000 | cat", "echo; trap '' TERM INT; while :; do sleep 1000; done"];
        var processes = scripts.Select(script => kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", script))).ToArray();
        foreach (var process in processes)
            Assert.That(await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Empty);
        var watch = Stopwatch.StartNew();
        await kernel.DisposeAsync();
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
        Assert.That(processes.Select(process => process.WaitForExit()), Is.All.EqualTo(128 + (int)Signal.SIGKILL));
        await HostFigures.AssertNoGrowthAsync(before);
    }

    [Test]
    public async Task ProcessesThatAreJustComingToBeAreEndedToo()
    {
        for (var i = 0; i < 20; i++)
        {
            using var log = new LogCapture();
            var kernel = await BadInputTests.BootAsync(log, "");
            var processes = Enumerable.Range(0, 4).Select(_ => kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "while :; do echo a | cat; done"))).ToArray();
            foreach (var process in processes)
                Assert.That(await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo("a"));
            await kernel.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            Assert.That(processes.Select(process => process.HasExited), Is.All.True);
            Assert.That(log.Lines.Where(line => line.Contains("Exception", StringComparison.Ordinal)), Is.Empty);
        }
    }

    [Test]
    public async Task ManyOneAfterAnotherAndAtOnceLeaveNothing()
    {
        for (var i = 0; i < 5; i++)
            await RunOnceAsync(GuestPaths.Root);
        await AtOnceAsync(4);
        var before = HostFigures.Now();
        for (var i = 0; i < 50; i++)
            await RunOnceAsync(GuestPaths.Root);
        await AtOnceAsync(8);
        await HostFigures.AssertNoGrowthAsync(before);
    }

    private static Task AtOnceAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(_ => RunOnceAsync(GuestPaths.Root)));

    private static async Task RunOnceAsync(string root)
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(root).Build();
        await kernel.BootAsync();
        var run = await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", "echo $(echo a | cat)");
        Assert.That(run.Output, Is.EqualTo("a\n"));
    }
}
