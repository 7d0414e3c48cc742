namespace Nommu.Core.Tests.Guest;

/// <summary>As the guest program of that name by itself, with a seed by chance and while garbage is collected: thousands of threads, and no task, number, page or thread of the host's is left behind. Not beside other tests: it counts what this whole process has.</summary>
[NonParallelizable]
public class ThreadStormTests
{
    private const int Rounds = 24, ThreadsOfAProcess = 12;

    [Test]
    public async Task NothingIsLeftBehind()
    {
        var seed = (uint)TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        using (var _ = new ConstantCollection(pause: 1))
        {
            await RunAsync(kernel, seed);
            var before = HostFigures.Now(kernel);
            for (var i = 1; i <= TestLength.Times; i++)
                await RunAsync(kernel, seed + ((uint)i * 1000));
            await HostFigures.AssertNoGrowthAsync(before, kernel, pooled: ThreadsOfAProcess);
        }
        Assert.That((kernel.Machine.Tasks.Count, kernel.Machine.Tasks.Pids.InUse, kernel.Machine.Arena.Charged), Is.EqualTo((0, 0, 0)));
    }

    private static async Task RunAsync(Kernel kernel, uint seed)
    {
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/thread-storm", "/", $"{seed}", $"{Rounds}");
        Assert.That((run.Output, run.Error, run.Status), Is.EqualTo(($"seed {seed}\n{Rounds} of {Rounds} ended as they were to end\n", "", 0)));
    }
}
