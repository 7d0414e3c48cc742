namespace Nommu.Core.Tests.Guest;

/// <summary>Every program of tests/guest prints the same in the kernel as on the host's own Linux, and ends alike.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class GuestProgramTests
{
    private Kernel _kernel = null!;

    private static IEnumerable<string> Programs() =>
        Directory.EnumerateFiles(GuestPaths.Programs).Select(path => Path.GetFileName(path)).Where(name => !name.Contains('.', StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    [OneTimeSetUp]
    public async Task BootAsync()
    {
        _kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await _kernel.BootAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _kernel.DisposeAsync();

    [TestCaseSource(nameof(Programs))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        var directory = Directory.CreateTempSubdirectory($"nommu-{name}-").FullName;
        try
        {
            var native = await ProgramRun.NativelyAsync(Path.Combine(GuestPaths.Programs, name), directory);
            var made = await ProgramRun.InKernelAsync(_kernel, "/bin/mkdir", "/", "-p", $"/tmp/{name}");
            Assert.That(made.Status, Is.Zero, made.Error);
            var guest = await ProgramRun.InKernelAsync(_kernel, $"/guest/{name}", $"/tmp/{name}");
            Assert.That(native.Status, Is.Zero, $"natively: {native.Output}{native.Error}");
            Assert.That((guest.Output, guest.Error, guest.Status), Is.EqualTo((native.Output, native.Error, native.Status)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
