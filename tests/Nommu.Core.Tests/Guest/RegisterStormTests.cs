namespace Nommu.Core.Tests.Guest;

/// <summary>As the guest programs of that name by themselves, for longer and while garbage is collected.</summary>
public class RegisterStormTests
{
    [TestCase("register-storm")]
    [TestCase("register-storm-wide")]
    public async Task NothingIsWrongWhileGarbageIsCollected(string program)
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        using (var _ = new ConstantCollection())
        {
            for (var i = 0; i < TestLength.Times; i++)
            {
                var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{program}", "/", "500");
                Assert.That((run.Error, run.Status), Is.EqualTo(("", 0)), run.Output);
                Assert.That(run.Output.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(8).And.All.EndsWith(": 0 wrong"));
            }
        }
    }
}
