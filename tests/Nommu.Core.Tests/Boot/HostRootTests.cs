using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Boot;

/// <summary>A kernel whose root is the host's own: its files are there, what guests change is not the host's, and there is no way out.</summary>
public class HostRootTests : HostRootFixture
{
    private async Task<ProgramRun> RunAsync(string path, params string[] arguments) => await ProgramRun.InKernelAsync(Kernel, path, "/", arguments);

    [Test]
    public async Task FilesAreTheHosts()
    {
        Assert.That(await RunAsync("/bin/cat", "/etc/passwd"), Is.EqualTo(new ProgramRun(await File.ReadAllTextAsync("/etc/passwd"), "", 0)));
        var file = new FileInfo("/etc/passwd");
        Assert.That((await RunAsync("/usr/bin/stat", "-c", "%s %a %u", "/etc/passwd")).Output, Is.EqualTo($"{file.Length} {Convert.ToString((int)file.UnixFileMode, 8)} 0\n"));
    }

    [Test]
    public async Task WritesStayInMemory()
    {
        var name = $"/etc/nommu-{Guid.NewGuid():N}";
        Assert.That(await RunAsync("/bin/sh", "-c", $"echo new > {name}; echo more >> {name}; echo done"), Is.EqualTo(new ProgramRun("done\n", "", 0)));
        Assert.That(await RunAsync("/bin/cat", name), Is.EqualTo(new ProgramRun("new\nmore\n", "", 0)));
        Assert.That(File.Exists(name), Is.False);
        Assert.That(await RunAsync("/bin/chmod", "600", "/etc/group"), Is.EqualTo(new ProgramRun("", "", 0)));
        Assert.That((await RunAsync("/usr/bin/stat", "-c", "%a", "/etc/group")).Output, Is.EqualTo("600\n"));
        Assert.That(File.GetUnixFileMode("/etc/group"), Is.Not.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.That(await RunAsync("/bin/rm", "-rf", "/etc/pam.d"), Is.EqualTo(new ProgramRun("", "", 0)));
        Assert.That((await RunAsync("/bin/ls", "/etc/pam.d")).Status, Is.EqualTo(2));
        Assert.That(Directory.Exists("/etc/pam.d"));
    }

    [Test]
    public async Task WhatRunsIsTheGuestsOwn()
    {
        var mounts = (await RunAsync("/bin/cat", "/proc/self/mounts")).Output;
        Assert.That(mounts, Does.StartWith("overlay / overlay rw").And.Contain(" /proc proc ").And.Contain(" /sys sysfs ").And.Contain(" /tmp tmpfs ").And.Contain(" /run tmpfs ").And.Contain(" /dev devtmpfs "));
        Assert.That((await RunAsync("/bin/uname", "-r")).Output, Does.Contain("nommu"));
        Assert.That((await RunAsync("/bin/ls", "/tmp")).Output, Is.Empty);
        Assert.That(await RunAsync("/bin/cat", $"/proc/{Environment.ProcessId}/comm"), Has.Property(nameof(ProgramRun.Status)).EqualTo(1));
    }

    [Test]
    public async Task BelowWhatIsMountedThereIsNothingOfTheHosts()
    {
        await using var kernel = Nommu.Core.Kernel.CreateBuilder().UseHostRoot("/").Build();
        await kernel.BootAsync();
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/bin/umount", "/", "/proc")).Error, Is.Empty);
        Assert.That(await ProgramRun.InKernelAsync(kernel, "/bin/ls", "/", "-A", "/proc"), Is.EqualTo(new ProgramRun("", "", 0)));
    }

    [Test]
    public void WhatIsNoDirectoryIsNoRoot()
    {
        var builder = Nommu.Core.Kernel.CreateBuilder().UseHostRoot("/no/such/directory");
        Assert.That(async () =>
        {
            await using var kernel = builder.Build();
            await kernel.BootAsync();
        }, Throws.InstanceOf<IOException>().With.Message.Contains("/no/such/directory"));
    }
}
