using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Ipc;

/// <summary>What is removed gives back what it was charged with.</summary>
public class LeftoverTests
{
    [Test]
    public async Task RemovedObjectsLeaveNothing()
    {
        using var log = new LogCapture();
        await using var kernel = await BadInputTests.BootAsync(log, "mem=256m");
        await RunAllAsync(kernel); // whatever is there only after a first run
        var before = HostFigures.Now(kernel);
        await RunAllAsync(kernel);
        var after = HostFigures.Now(kernel);
        Assert.Multiple(() =>
        {
            Assert.That(after.ChargedPages, Is.Zero);
            Assert.That(after.FilePages, Is.EqualTo(before.FilePages));
        });
    }

    [Test]
    public async Task WhatStaysIsCharged()
    {
        using var log = new LogCapture();
        await using var kernel = await BadInputTests.BootAsync(log, "mem=256m");
        var files = kernel.Machine.Arena.Account.Files;
        await MakeAsync("-M", "1000000");
        await MakeAsync("-S", "1000");
        await MakeAsync("-Q", "text");
        Assert.That((kernel.Machine.Arena.Account.Files - files, kernel.Machine.Arena.Charged), Is.EqualTo((245, 4 + 1)));

        async Task MakeAsync(params string[] arguments) => Assert.That((await ProgramRun.InKernelAsync(kernel, "/guest/ipcmk.tool", "/", arguments)).Output, Is.EqualTo("0\n"));
    }

    private static async Task RunAllAsync(Kernel kernel)
    {
        foreach (var name in new[] { "sysv-shm", "sysv-sem", "sysv-msg" })
        {
            var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{name}", "/tmp");
            Assert.That(run.Status, Is.Zero, run.Output);
        }
    }
}
