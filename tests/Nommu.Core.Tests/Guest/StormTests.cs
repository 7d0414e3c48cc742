using System.Globalization;

namespace Nommu.Core.Tests.Guest;

/// <summary>As the guest programs of that name by themselves, for longer, and by another chance each time.</summary>
public class StormTests
{
    [Test]
    public async Task NoSignalIsLostAndNoSumIsWrong()
    {
        var run = await RunAsync("signal-storm", Text(10_000 * TestLength.Times));
        TestContext.Out.WriteLine(run.Output);
        Assert.That(run.Output.TrimEnd('\n').Split('\n').Skip(1), Has.Exactly(5).Items.And.All.EndsWith(": wrong checksums 0, lost 0 0, out of order 0"));
    }

    [Test]
    public async Task EveryProcessEndsAsItIsTold()
    {
        for (var i = 0; i < TestLength.Times; i++)
        {
            var seed = Text(Random.Shared.Next());
            var run = await RunAsync("kill-storm", "50", seed);
            Assert.That(run.Output, Is.EqualTo($"seed {seed}, rounds 50\nover\n"));
        }
    }

    private static async Task<ProgramRun> RunAsync(string program, params string[] arguments)
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{program}", "/", arguments);
        Assert.That((run.Error, run.Status), Is.EqualTo(("", 0)), run.Output);
        return run;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
