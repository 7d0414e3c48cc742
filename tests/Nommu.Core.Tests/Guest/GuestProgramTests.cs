using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Guest;

/// <summary>Every program of tests/guest prints the same in the kernel as on the host's own Linux, and ends alike, whatever is put in the place of its system calls.</summary>
[TestFixture(typeof(DetourStrategy))]
[TestFixture(typeof(TrapStrategy))]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class GuestProgramTests<TStrategy> where TStrategy : class, IRewritingStrategy
{
    /// <summary>Programs that leave a place and come back to it: all processes of a kernel share its addresses, so another program may have taken it.</summary>
    private static readonly string[] Alone = ["mappings", "sysv-shm"];

    private Kernel _kernel = null!;

    [OneTimeSetUp]
    public async Task BootAsync() => _kernel = await BootOneAsync();

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _kernel.DisposeAsync();

    [TestCaseSource(typeof(GuestProgram), nameof(GuestProgram.Names))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        using var turn = name is "fixed-address" or "fixed-turns" ? await FixedAddressTurn.TakeAsync() : null;
        var native = await GuestProgram.NativelyAsync(name);
        if (Alone.Contains(name))
        {
            await using var kernel = await BootOneAsync();
            await CompareAsync(kernel, name, native);
            return;
        }
        await CompareAsync(_kernel, name, native);
    }

    private static async Task<Kernel> BootOneAsync()
    {
        var kernel = Kernel.CreateBuilder().UseRewriting<TStrategy>().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await kernel.BootAsync();
        return kernel;
    }

    private static async Task CompareAsync(Kernel kernel, string name, ProgramRun native)
    {
        var made = await ProgramRun.InKernelAsync(kernel, "/bin/mkdir", "/", "-p", $"/tmp/{name}");
        Assert.That(made.Status, Is.Zero, made.Error);
        GuestProgram.AssertTheSame(native, await ProgramRun.InKernelAsync(kernel, $"/guest/{name}", $"/tmp/{name}"));
    }
}
