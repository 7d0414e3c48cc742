using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Processes;

public class ForkTests
{
    /// <summary>Each page that was counted as in use is counted as free again, and only once.</summary>
    [TestCase("fork")]
    [TestCase("fork-remapped")]
    [TestCase("fork-threads")]
    [TestCase("fork-tree")]
    public async Task NothingIsLeftCharged(string program)
    {
        using var log = new LogCapture();
        await using var kernel = await BadInputTests.BootAsync(log, "mem=256m");
        for (var i = 0; i < 2; i++)
        {
            var run = await ProgramRun.InKernelAsync(kernel, $"/guest/{program}", "/tmp");
            Assert.That(run.Status, Is.Zero, run.Output);
            Assert.That(kernel.Machine.Arena.Charged, Is.Zero);
        }
    }
}
