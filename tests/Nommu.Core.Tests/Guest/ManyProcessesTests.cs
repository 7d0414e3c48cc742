namespace Nommu.Core.Tests.Guest;

/// <summary>As many processes as there can be, and more than that: who asks for too many is refused, and the host goes on.</summary>
[NonParallelizable]
public sealed class ManyProcessesTests
{
    private static readonly string[] Settings = ["threads-max", "pid_max"];

    [Test]
    public async Task FiveThousandAreAliveAtOnce()
    {
        await using var kernel = await BootAsync("mem=8g");
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/many-processes", "/tmp", "5000");
        Assert.That(run.Output, Does.StartWith("alive: 5000\n"), run.Error);
        Assert.That(run.Status, Is.Zero, run.Output);
    }

    [TestCase("mem=64m", "", TestName = "Memory ends a fork bomb")]
    [TestCase("mem=8g", "echo 500 > /proc/sys/kernel/threads-max", TestName = "threads-max ends a fork bomb")]
    [TestCase("mem=8g", "echo 400 > /proc/sys/kernel/pid_max", TestName = "pid_max ends a fork bomb")]
    [TestCase("mem=16g", "", TestName = "What the host has ends a fork bomb", Explicit = true, Reason = "It has thousands of processes, and takes a minute.")]
    public async Task AForkBombOfRootsIsRefused(string commandLine, string setting)
    {
        await using var kernel = await BootAsync(commandLine);
        if (setting.Length > 0)
            Assert.That((await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", setting)).Status, Is.Zero);
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/process-limit", "/tmp", "0");
        Assert.That(run.Status, Is.Zero, run.Output + run.Error);
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", "echo still here")).Output, Is.EqualTo("still here\n"));
    }

    [Test]
    public async Task LimitsOfTheMachineAreWhatTheyWereSetTo()
    {
        await using var kernel = await BootAsync("mem=64m");
        foreach (var setting in Settings)
        {
            var run = await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/proc/sys/kernel", "-c", $"cat {setting} >/dev/null && echo 3000 > {setting} && cat {setting} && echo 3 > {setting}");
            Assert.That((run.Output, run.Status), Is.EqualTo(("3000\n", 1)), setting);
            Assert.That(run.Error, Does.Contain("Invalid argument"));
        }
    }

    private static async Task<Kernel> BootAsync(string commandLine)
    {
        var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).UseCommandLine(commandLine).Build();
        await kernel.BootAsync();
        return kernel;
    }
}
