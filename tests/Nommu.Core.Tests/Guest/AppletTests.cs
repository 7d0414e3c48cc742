using System.Text;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>Every applet of busybox does in the kernel what it does on the host's own Linux: see applets.table.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class AppletTests
{
    private const string StaticBusybox = "/bin/busybox-static", StaticPath = "/links", DynamicBusybox = "/bin/busybox", DynamicPath = "/bin:/sbin:/usr/bin:/usr/sbin";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static string s_links = null!;
    private static Kernel s_kernel = null!;

    // Some scripts become somebody else, who is to find applets and the folder as well.
    private const UnixFileMode ForAll = (UnixFileMode)0b111_101_101;

    private static IEnumerable<string> Compared() => Named(AppletUse.Compared);

    private static IEnumerable<string> InKernelOnly() => Named(AppletUse.KernelOnly);

    private static IEnumerable<string> Named(AppletUse use) => Applet.All.Where(applet => applet.Use == use).Select(applet => applet.Name);

    // A folder of links to busybox, so that applets are found as they are in a system; and what makes what ipcs and ipcrm are about.
    [OneTimeSetUp]
    public static async Task BootAsync()
    {
        s_links = Directory.CreateTempSubdirectory("nommu-applets-").FullName;
        File.Copy(Path.Combine(GuestPaths.Root, "bin/busybox-static"), Path.Combine(s_links, "busybox"));
        foreach (var name in File.ReadLines(Path.Combine(GuestPaths.Cache, "busybox.applets")))
            File.CreateSymbolicLink(Path.Combine(s_links, name), "busybox");
        File.Copy(Path.Combine(GuestPaths.Programs, "ipcmk.tool"), Path.Combine(s_links, "ipcmk"));
        File.SetUnixFileMode(s_links, ForAll);
        s_kernel = await BootOneAsync();
    }

    [OneTimeTearDown]
    public static async Task DisposeAsync()
    {
        await s_kernel.DisposeAsync();
        Directory.Delete(s_links, recursive: true);
    }

    [Test]
    public void TheTableHasEveryApplet() =>
        Assert.That(Applet.All.Select(applet => applet.Name).Order(StringComparer.Ordinal), Is.EqualTo(File.ReadLines(Path.Combine(GuestPaths.Cache, "busybox.applets")).Order(StringComparer.Ordinal)));

    [TestCaseSource(nameof(Compared))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        var applet = Applet.All.Single(row => row.Name == name);
        var directory = Directory.CreateTempSubdirectory("nommu-applet-").FullName;
        File.SetUnixFileMode(directory, ForAll);
        try
        {
            var native = ProgramRun.NativelyAsync(Path.Combine(s_links, "busybox"), directory, Shell(s_links, applet.Script));
            var statically = InKernelAsync($"{applet.Name}.static", StaticBusybox, StaticPath, applet.Script);
            var dynamically = InKernelAsync($"{applet.Name}.dynamic", DynamicBusybox, DynamicPath, applet.Script);
            await Task.WhenAll(native, statically, dynamically);
            using (Assert.EnterMultipleScope())
            {
                Assert.That((await native).Error, Does.Not.Contain("Usage:"), "a use is not a wrong use");
                Assert.That(Show(await statically), Is.EqualTo(Show(await native)), "linked statically");
                Assert.That(Show(await dynamically), Is.EqualTo(Show(await native)), "linked dynamically");
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [TestCaseSource(nameof(InKernelOnly))]
    public async Task PrintsWhatTheTableSays(string name)
    {
        var applet = Applet.All.Single(row => row.Name == name);
        var statically = InOwnKernelAsync(StaticBusybox, StaticPath, applet.Script);
        var dynamically = InOwnKernelAsync(DynamicBusybox, DynamicPath, applet.Script);
        await Task.WhenAll(statically, dynamically);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await statically, Is.EqualTo(applet.Expected), "linked statically");
            Assert.That(await dynamically, Is.EqualTo(applet.Expected), "linked dynamically");
        }
    }

    // The shell is process 1, as the first that is started. Several of these scripts end the machine: how is the last line then.
    private static async Task<string> InOwnKernelAsync(string busybox, string path, string script)
    {
        await using var kernel = await BootOneAsync();
        var process = kernel.Start(new GuestProcessStartInfo(busybox, Shell(path, $"exec 2>&1\n{script}")) { WorkingDirectory = "/root" });
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Longest);
        var end = kernel.Halted.IsCompleted ? $"halted: {await kernel.Halted}\n" : "";
        kernel.Halt(); // ends what the script has left running, which has its output open
        return (await output.WaitAsync(Longest)).Replace("\r", "", StringComparison.Ordinal) + end;
    }

    private static async Task<ProgramRun> InKernelAsync(string name, string busybox, string path, string script)
    {
        var made = await ProgramRun.InKernelAsync(s_kernel, "/bin/mkdir", "/tmp", name);
        Assert.That(made.Status, Is.Zero, made.Error);
        return await ProgramRun.InKernelAsync(s_kernel, busybox, $"/tmp/{name}", Shell(path, script));
    }

    private static async Task<Kernel> BootOneAsync()
    {
        var kernel = Kernel.CreateBuilder().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/links", s_links).Build();
        await kernel.BootAsync();
        return kernel;
    }

    private static string[] Shell(string path, string script) => ["env", "-i", $"PATH={path}", "HOME=/", "sh", "-c", script];

    private static string Show(ProgramRun run) => new StringBuilder(run.Output).Append("-- error:\n").Append(run.Error).Append("-- status: ").Append(run.Status).ToString();
}
