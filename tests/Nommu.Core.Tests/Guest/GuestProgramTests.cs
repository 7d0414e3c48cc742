using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Guest;

/// <summary>Every program of tests/guest prints the same in the kernel as on the host's own Linux, and ends alike, whatever is put in the place of its system calls.</summary>
[TestFixture(typeof(DetourStrategy))]
[TestFixture(typeof(TrapStrategy))]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class GuestProgramTests<TStrategy> where TStrategy : class, IRewritingStrategy
{
    private Kernel _kernel = null!;

    [OneTimeSetUp]
    public async Task BootAsync()
    {
        _kernel = Kernel.CreateBuilder().UseRewriting<TStrategy>().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await _kernel.BootAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _kernel.DisposeAsync();

    [TestCaseSource(typeof(GuestProgram), nameof(GuestProgram.Names))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        var native = await GuestProgram.NativelyAsync(name);
        var made = await ProgramRun.InKernelAsync(_kernel, "/bin/mkdir", "/", "-p", $"/tmp/{name}");
        Assert.That(made.Status, Is.Zero, made.Error);
        GuestProgram.AssertTheSame(native, await ProgramRun.InKernelAsync(_kernel, $"/guest/{name}", $"/tmp/{name}"));
    }
}
