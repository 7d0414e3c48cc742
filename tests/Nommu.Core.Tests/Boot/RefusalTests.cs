using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Boot;

/// <summary>What a kernel says when it can't do what its host asks.</summary>
public class RefusalTests
{
    [Test]
    public async Task NoSuchRoot()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory("/no/such/root").Build();
        Assert.That(async () => await kernel.BootAsync(), Throws.InstanceOf<IOException>().With.Message.Contains("/no/such/root"));
    }

    [Test]
    public async Task ARootThatIsNoArchive()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "this is a text");
            await using var kernel = Kernel.CreateBuilder().UseRootArchive(file).Build();
            Assert.That(async () => await kernel.BootAsync(), Throws.InstanceOf<InvalidDataException>());
            Assert.That(() => kernel.Start(new GuestProcessStartInfo("true")), Throws.InvalidOperationException);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public async Task NoInit()
    {
        await using var kernel = Kernel.CreateBuilder().Build();
        await kernel.BootAsync();
        Assert.That(kernel.StartInit, Throws.InstanceOf<GuestException>().With.Message.Contains("/sbin/init, /etc/init, /bin/init, /bin/sh"));
    }

    [Test]
    public async Task NotTheInitThatWasAskedFor()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseCommandLine("init=/sbin/nothing"));
        Assert.That(kernel.StartInit, Throws.InstanceOf<GuestException>().With.Message.Contains("/sbin/nothing"));
    }

    [Test]
    public async Task NotBooted()
    {
        await using var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).Build();
        Assert.That(() => kernel.Start(new GuestProcessStartInfo("true")), Throws.InvalidOperationException);
    }

    [TestCase("/bin/nothing", Errno.ENOENT)]
    [TestCase("nothing", Errno.ENOENT)]
    [TestCase("/etc", Errno.EACCES)]
    [TestCase("/etc/passwd", Errno.EACCES)]
    [TestCase("/etc/passwd/x", Errno.ENOTDIR)]
    public async Task AProgramThatCannotBeExecuted(string path, Errno error)
    {
        await using var kernel = await TestKernel.BootAsync();
        Assert.That(() => kernel.Start(new GuestProcessStartInfo(path)),
            Throws.InstanceOf<GuestException>().With.Property(nameof(GuestException.Error)).EqualTo(error).And.Message.StartsWith($"{path}: ").And.Message.Contains($"({error})"));
    }

    [TestCase("aarch64")]
    [TestCase("i386")]
    [TestCase("text")]
    public async Task NotAnX64Elf(string kind)
    {
        var root = Directory.CreateTempSubdirectory("nommu-refusal-");
        try
        {
            var bytes = await File.ReadAllBytesAsync(Path.Combine(GuestPaths.Programs, "hello"));
            switch (kind)
            {
                case "aarch64":
                    bytes[18] = 183;
                    break;
                case "i386":
                    (bytes[4], bytes[18]) = (1, 3);
                    break;
                default:
                    bytes = Encoding.ASCII.GetBytes("just words\n");
                    break;
            }
            var file = Path.Combine(root.FullName, "program");
            await File.WriteAllBytesAsync(file, bytes);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            using var log = new LogList();
            await using var kernel = await TestKernel.BootRootAsync(root.FullName, builder => builder.UseLogging(log));
            Assert.That(() => kernel.Start(new GuestProcessStartInfo("/program")), Throws.InstanceOf<GuestException>().With.Property(nameof(GuestException.Error)).EqualTo(Errno.ENOEXEC));
            Assert.That(log.Lines.Select(line => line.Text), Has.Some.StartsWith("/program: not executable: "));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Test]
    public async Task AWorkingDirectoryThatIsNone()
    {
        await using var kernel = await TestKernel.BootAsync();
        Assert.That(() => kernel.Start(new GuestProcessStartInfo("true") { WorkingDirectory = "/nowhere" }), Throws.InstanceOf<GuestException>().With.Message.StartsWith("/nowhere: "));
    }
}
