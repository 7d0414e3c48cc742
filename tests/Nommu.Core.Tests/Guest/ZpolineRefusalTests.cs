namespace Nommu.Core.Tests.Guest;

/// <summary>Without the opt-in, zpoline must not take the host's null references away: it refuses where page zero could be read, and where the host does not give the page away at all.</summary>
public class ZpolineRefusalTests
{
    [Test]
    public async Task NullReferencesStayWhatTheyAre()
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync("refuse", GuestPaths.Root);
        Assert.That(status, Is.Zero, error);
        var mayBoot = HostPageZero.IsGivenAway && HostPageZero.CanBeHidden;
        Assert.Multiple(() =>
        {
            Assert.That(lines.Select(line => (line.Name, line.Status)), Is.EqualTo(new[] { ("boot", mayBoot ? 0 : 1), ("null", 1) }));
            if (!HostPageZero.IsGivenAway)
                Assert.That(lines[0].Error, Does.Contain("zpoline").And.Contain("CAP_SYS_RAWIO"));
            else if (!mayBoot)
                Assert.That(lines[0].Error, Does.Contain("zpoline").And.Contain("protection keys").And.Contain("NullReferenceException"));
            Assert.That(lines[^1].Error, Is.EqualTo(nameof(NullReferenceException)));
        });
    }
}
