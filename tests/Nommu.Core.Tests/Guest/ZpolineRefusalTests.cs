using System.Runtime.Intrinsics.X86;

namespace Nommu.Core.Tests.Guest;

/// <summary>Without the opt-in, zpoline must not take the host's null references away.</summary>
public class ZpolineRefusalTests
{
    /// <summary>CPUID leaf 7, ecx bit 4: OSPKE.</summary>
    private static bool HasProtectionKeys => X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 4)) != 0;

    [Test]
    public async Task RefusesToMakePageZeroReadable()
    {
        if (HasProtectionKeys)
            Assert.Ignore("This processor hides page zero from reads by its protection keys, so there is nothing to refuse.");
        var (lines, error, status) = await OwnHostProcess.RunAsync("refuse", GuestPaths.Root);
        Assert.That(status, Is.Zero, error);
        Assert.Multiple(() =>
        {
            Assert.That(lines.Select(line => (line.Name, line.Status)), Is.EqualTo(new[] { ("boot", 1), ("null", 1) }));
            Assert.That(lines[0].Error, Does.Contain("zpoline").And.Contain("protection keys").And.Contain("NullReferenceException"));
            Assert.That(lines[^1].Error, Is.EqualTo(nameof(NullReferenceException)));
        });
    }
}
