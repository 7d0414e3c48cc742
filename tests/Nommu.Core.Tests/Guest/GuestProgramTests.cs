namespace Nommu.Core.Tests.Guest;

/// <summary>Every program of tests/guest prints the same in the kernel as on the host's own Linux, and ends alike.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class GuestProgramTests
{
    // What a program ends with where the host does not let it try.
    private const int NotPossible = 77;

    private Kernel _kernel = null!;

    private static IEnumerable<TestCaseData> Programs() =>
        File.ReadLines(Path.Combine(GuestPaths.Programs, "programs.list")).Select(line => line.Split(' ')).Select(words => new TestCaseData(words[0], words[1] == "dynamic").SetArgDisplayNames(words[0]));

    [OneTimeSetUp]
    public async Task BootAsync()
    {
        _kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await _kernel.BootAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _kernel.DisposeAsync();

    [TestCaseSource(nameof(Programs))]
    public async Task PrintsTheSameAsOnLinux(string name, bool isDynamic)
    {
        var directory = Directory.CreateTempSubdirectory($"nommu-{name}-").FullName;
        try
        {
            var native = await NativelyAsync(Path.Combine(GuestPaths.Programs, name), isDynamic, directory);
            var made = await ProgramRun.InKernelAsync(_kernel, "/bin/mkdir", "/", "-p", $"/tmp/{name}");
            Assert.That(made.Status, Is.Zero, made.Error);
            var guest = await ProgramRun.InKernelAsync(_kernel, $"/guest/{name}", $"/tmp/{name}");
            if (native.Status == NotPossible)
            {
                Assert.That(guest.Status, Is.Zero, guest.Output + guest.Error);
                return;
            }
            Assert.That(native.Status, Is.Zero, $"natively: {native.Output}{native.Error}");
            Assert.That((guest.Output, guest.Error, guest.Status), Is.EqualTo((native.Output, native.Error, native.Status)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // The host need not have the interpreter where the program asks for it.
    private static Task<ProgramRun> NativelyAsync(string path, bool isDynamic, string directory) =>
        isDynamic ? ProgramRun.NativelyAsync(Path.Combine(GuestPaths.Root, "lib/ld-musl-x86_64.so.1"), directory, path) : ProgramRun.NativelyAsync(path, directory);
}
