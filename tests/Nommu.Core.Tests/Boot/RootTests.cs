using System.Formats.Tar;
using System.IO.Compression;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Boot;

/// <summary>A root from an archive is the same as from the directory it was made of.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class RootTests
{
    private const string Listing = "cd /; find bin sbin etc usr lib var root home -exec ls -ld {} + 2>/dev/null | sed 's/  */ /g' | cut -d' ' -f1,2,5,9- | sort; cat /etc/inittab; readlink /bin/sh";

    private DirectoryInfo _directory = null!;
    private string _expected = "";

    [OneTimeSetUp]
    public async Task MakeArchivesAsync()
    {
        _directory = Directory.CreateTempSubdirectory("nommu-roots-");
        await using var kernel = await TestKernel.BootAsync();
        _expected = await kernel.ShellAsync(Listing);
        Assert.That(_expected, Does.Contain("bin/busybox"));
    }

    [OneTimeTearDown]
    public void DeleteArchives() => _directory.Delete(recursive: true);

    [Test]
    public async Task Tar()
    {
        var file = Path.Combine(_directory.FullName, "root.tar");
        await TarFile.CreateFromDirectoryAsync(GuestPaths.Root, file, includeBaseDirectory: false);
        await AssertSameAsync(file);
    }

    [Test]
    public async Task TarGz()
    {
        var file = Path.Combine(_directory.FullName, "root.tar.gz");
        await using (var zipped = new GZipStream(File.Create(file), CompressionLevel.Fastest))
            await TarFile.CreateFromDirectoryAsync(GuestPaths.Root, zipped, includeBaseDirectory: false);
        await AssertSameAsync(file);
    }

    [Test]
    public async Task Cpio()
    {
        var file = Path.Combine(_directory.FullName, "root.cpio");
        await MakeCpioAsync(file);
        await AssertSameAsync(file);
    }

    [Test]
    public async Task CpioGz()
    {
        var file = Path.Combine(_directory.FullName, "zipped.cpio");
        await MakeCpioAsync(file);
        await using (var zipped = new GZipStream(File.Create(file + ".gz"), CompressionLevel.Fastest))
        {
            await using var plain = File.OpenRead(file);
            await plain.CopyToAsync(zipped);
        }
        await AssertSameAsync(file + ".gz");
    }

    [Test]
    public async Task TheCommandLineNamesARoot()
    {
        await using var kernel = await TestKernel.BootRootAsync("/no/such/root", builder => builder.UseCommandLine($"root={GuestPaths.Root}"));
        Assert.That(await kernel.ShellAsync(Listing), Is.EqualTo(_expected));
    }

    [Test]
    public async Task AReadOnlyRoot()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseCommandLine("ro"));
        Assert.That(await kernel.ShellAsync("touch /etc/new 2>&1 || mount -o remount,rw / && touch /etc/new && echo now"), Does.Contain("Read-only file system").And.EndsWith("now\n"));
    }

    [Test]
    public async Task ChangesStayInTheGuest()
    {
        await using var kernel = await TestKernel.BootAsync();
        await kernel.ShellAsync("echo changed > /etc/issue.new; rm /etc/passwd");
        Assert.That(File.Exists(Path.Combine(GuestPaths.Root, "etc/issue.new")), Is.False);
        Assert.That(File.Exists(Path.Combine(GuestPaths.Root, "etc/passwd")), Is.True);
    }

    private async Task AssertSameAsync(string archive)
    {
        await using var kernel = await TestKernel.BootRootAsync(archive);
        Assert.That(await kernel.ShellAsync(Listing), Is.EqualTo(_expected));
    }

    /// <summary>By the guest itself: a host need not have cpio(1).</summary>
    private static async Task MakeCpioAsync(string file)
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("sh", "-c", "cd / && find . -xdev | cpio -o -H newc"));
        await using (var archive = File.Create(file))
            await process.StandardOutput.BaseStream.CopyToAsync(archive);
        Assert.That(await process.WaitForExitAsync(), Is.Zero);
    }
}
