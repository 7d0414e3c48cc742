namespace Nommu.Core.Tests.Guest;

/// <summary>Ten thousand processes and a thousand pipelines while another thread collects garbage without pause: nothing is left behind. Not beside other tests: it counts what this whole process has.</summary>
[NonParallelizable]
public class SoakTests
{
    private const string Pipelines = "i=0; n=0; while [ $i -lt COUNT ]; do i=$((i+1)); x=$(echo $i | cat | sed s/$/0/); [ $x = ${i}0 ] && n=$((n+1)); done; echo $n";

    [Test]
    public async Task NothingIsLeftBehindWhileGarbageIsCollected()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        using var collecting = new CancellationTokenSource();
        var collections = 0;
        var garbage = Array.Empty<byte>();
        var collector = new Thread(() =>
        {
            // Eight megabytes of garbage, then a collection, and again: about a thousand times a second. A loop of nothing but collections is no use:
            // it never lets a thread that waits for one to end get through before the next.
            while (!collecting.IsCancellationRequested)
            {
                for (var i = 0; i < 8000; i++)
                    garbage = new byte[1000];
                GC.Collect(++collections % 256 == 0 ? GC.MaxGeneration : 0);
            }
        });
        collector.Start();
        try
        {
            await RunAsync(kernel, 1000, 100);
            var before = HostFigures.Now(kernel);
            await RunAsync(kernel, 10_000, 1000);
            await HostFigures.AssertNoGrowthAsync(before, kernel);
        }
        finally
        {
            collecting.Cancel();
            collector.Join();
        }
        TestContext.Out.WriteLine($"{collections} collections");
        GC.KeepAlive(garbage);
    }

    private static async Task RunAsync(Kernel kernel, int processes, int pipelines)
    {
        var started = TimeProvider.System.GetTimestamp();
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/soak.tool", "/", $"{processes}");
        Assert.That((run.Output, run.Error, run.Status), Is.EqualTo(($"{processes}\n", "", 0)));
        TestContext.Out.WriteLine($"{processes} processes after {TimeProvider.System.GetElapsedTime(started)}");
        run = await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", Pipelines.Replace("COUNT", $"{pipelines}", StringComparison.Ordinal));
        Assert.That((run.Output, run.Error, run.Status), Is.EqualTo(($"{pipelines}\n", "", 0)));
        TestContext.Out.WriteLine($"{pipelines} pipelines after {TimeProvider.System.GetElapsedTime(started)}");
    }
}
