namespace Nommu.Core.Tests.Guest;

/// <summary>What setting the clock does, which no test does to the host: as timerfd_create(2) tells it.</summary>
public sealed class ClockSettingTests
{
    private static readonly string[] Expected =
    [
        "before: ready 0, read: Resource temporarily unavailable",
        "a read that waited: Operation canceled",
        "the clock was set: ready 1, read: Operation canceled",
        "once: ready 0, read: Resource temporarily unavailable",
        "of one that is not canceled: ready 0, read: Resource temporarily unavailable",
        "the clock was set back: ready 1, read: Operation canceled",
        "timerfd_settime instead of a read: Operation canceled",
        "it is set nevertheless: yes",
        "once more: 0",
        "nothing of it is left: ready 0, read: Resource temporarily unavailable",
        "a relative time is not canceled: ready 0, read: Resource temporarily unavailable",
        "past its time: ready 1, read: Operation canceled",
        "one that is not canceled, past its time: ready 1, read: 1",
        "",
    ];

    [Test]
    public async Task TimersAreCanceled()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/timerfd-cancel.tool", "/");
        Assert.That(run.Output.Split('\n'), Is.EqualTo(Expected), run.Error);
        Assert.That(run.Status, Is.Zero);
    }
}
