namespace Nommu.Core.Tests.Guest;

/// <summary>Tests that share a kernel whose root is the host's own.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public abstract class HostRootFixture
{
    private protected Kernel Kernel { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task BootAsync()
    {
        Kernel = Nommu.Core.Kernel.CreateBuilder().UseHostRoot("/").Build();
        await Kernel.BootAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await Kernel.DisposeAsync();
}
