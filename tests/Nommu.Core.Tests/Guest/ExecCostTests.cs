using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Execution;
using Nommu.Core.Loader;

namespace Nommu.Core.Tests.Guest;

/// <summary>What a program costs that has been executed before, counted rather than timed.</summary>
[NonParallelizable]
public sealed class ExecCostTests
{
    private const int Many = 60;

    [Test]
    public async Task AWarmExecAsksTheHostForNothing()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        var threads = kernel.Services.GetRequiredService<HostThreadPool>();
        var texts = kernel.Services.GetRequiredService<ProgramTexts>();
        var calls = 0L;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Name == "nommu.host.memory_calls")
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref calls, count));
        listener.Start();

        _ = await CountAsync(Many);
        var (made, read) = (threads.Made, texts.Count);
        var counts = new[] { await CountAsync(Many), await CountAsync(Many), await CountAsync(Many) };
        Assert.That(counts, Has.Some.Zero, "host memory calls of so many executions, in the best case");
        Assert.That(counts, Has.All.LessThan(Many), "and at any rate");
        Assert.That(threads.Made, Is.EqualTo(made), "threads");
        Assert.That(texts.Count, Is.EqualTo(read), "files read and rewritten");

        async Task<long> CountAsync(int times)
        {
            var before = Interlocked.Read(ref calls);
            var run = await ProgramRun.InKernelAsync(kernel, "/guest/exec-often.tool", "/", times.ToString(System.Globalization.CultureInfo.InvariantCulture), "/guest/nothing.tool");
            Assert.That(run.Status, Is.Zero, run.Error);
            return Interlocked.Read(ref calls) - before;
        }
    }
}
