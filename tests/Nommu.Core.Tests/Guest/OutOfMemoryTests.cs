using System.Text.RegularExpressions;

namespace Nommu.Core.Tests.Guest;

/// <summary>A machine without memory: whoever asks for much is refused, and for whoever asks for a little somebody has to go, by name.</summary>
public sealed partial class OutOfMemoryTests
{
    [Test]
    public async Task WhoeverHasMostIsKilledAndNamed()
    {
        using var log = new LogCapture();
        await using var kernel = await BadInputTests.BootAsync(log, "mem=64m");
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/out-of-memory.tool", "/");
        var child = ChildNumber().Match(run.Output).Groups[1].Value;
        Assert.That(run.Output.Split('\n'), Is.EqualTo(new[]
        {
            "the child has much: yes, and is refused: Out of memory",
            $"the parent has a few pages, for child {child}",
            "the child: killed by Killed",
            "",
        }));
        Assert.That(log.Lines.Where(line => line.StartsWith("Out of memory", StringComparison.Ordinal)), Has.One.Contains($"process {child} (").And.One.Contains("is killed"));
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", "echo still here")).Output, Is.EqualTo("still here\n"));
    }

    [Test]
    public async Task WhoeverOffersItselfIsKilledFirst()
    {
        using var log = new LogCapture();
        await using var kernel = await BadInputTests.BootAsync(log, "mem=64m");
        var run = await ProgramRun.InKernelAsync(kernel, "/guest/out-of-memory.tool", "/", "with-an-offer");
        Assert.That(run.Output.Split('\n')[2..], Is.EqualTo(new[] { "who offered itself: killed by Killed", "the child: 0", "the child: killed by Terminated", "" }), run.Output);
        Assert.That(log.Lines.Where(line => line.StartsWith("Out of memory", StringComparison.Ordinal)), Has.Exactly(1).Items);
    }

    [GeneratedRegex("for child ([0-9]+)")]
    private static partial Regex ChildNumber();
}
