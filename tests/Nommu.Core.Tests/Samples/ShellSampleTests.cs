using System.Diagnostics;
using System.Formats.Tar;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Samples;

/// <summary>samples/Nommu.Samples.Shell as somebody types it, without a terminal: its streams, its status, its options, and one line for each mistake.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class ShellSampleTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nommu-shell-").FullName;

    [OneTimeTearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task StreamsAndStatusAreThoseOfTheProgram()
    {
        var run = await RunAsync("in\n", "--", "sh", "-c", "cat; echo wrong >&2; exit 3");
        Assert.That(run, Is.EqualTo(new ProgramRun("in\n", "wrong\n", 3)));
        Assert.That((await RunAsync("", "--", "sh", "-c", "kill -TERM $$")).Status, Is.EqualTo(128 + 15));
    }

    [TestCase(2, "no such root: /no/such", "--root", "/no/such", "--", "true")]
    [TestCase(2, "'--bogus' is not understood", "--bogus")]
    [TestCase(2, "'soon' is no value of --trace-times", "--trace-times", "soon", "--", "true")]
    [TestCase(127, "/no/such: no such file or directory (ENOENT)", "--", "/no/such")]
    [TestCase(126, "/etc/passwd: permission denied (EACCES)", "--", "/etc/passwd")]
    public async Task AMistakeIsOneLine(int status, string line, params string[] arguments) =>
        Assert.That(await RunAsync("", arguments), Is.EqualTo(new ProgramRun("", $"nommu: {line}\n", status)));

    [Test]
    public async Task WhatIsNoRootAndWhatIsNoProgram()
    {
        var text = Path.Combine(_folder, "text");
        await File.WriteAllTextAsync(text, "this is a text\n");
        Assert.That(await RunAsync("", "--root", text, "--", "true"), Is.EqualTo(new ProgramRun("", "nommu: The root is neither a directory nor a tar or cpio archive.\n", 1)));
        var root = Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;
        var program = Path.Combine(root, "program");
        File.Copy(text, program);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.That(await RunAsync("", "--root", root, "--", "/program"), Is.EqualTo(new ProgramRun("", "nommu: /program: not an executable for x86-64 Linux that can be loaded here (ENOEXEC)\n", 126)));
        var noInit = await RunAsync("", "--root", root);
        Assert.That(noInit.Error, Does.EndWith("nommu: No working init found.  Try passing init= option to kernel. Tried: /sbin/init, /etc/init, /bin/init, /bin/sh.\n").And.Not.Contain("   at "));
        Assert.That(noInit.Status, Is.EqualTo(127));
    }

    [Test]
    public async Task ArchivesAreRoots()
    {
        var tar = Path.Combine(_folder, "root.tar");
        await TarFile.CreateFromDirectoryAsync(GuestPaths.Root, tar, includeBaseDirectory: false);
        Assert.That(await RunAsync("", "--root", tar, "--", "uname"), Is.EqualTo(new ProgramRun("Linux\n", "", 0)));
    }

    [Test]
    public async Task TheCommandLineIsTheKernels()
    {
        var run = await RunAsync("", "--append", "mem=64m init=/bin/sh word=bar -- -c \"echo $word; grep MemTotal /proc/meminfo\"");
        Assert.That(run.Output + run.Error, Does.Contain("Run /bin/sh as init process").And.Contain("bar").And.Contain("65536 kB"));
    }

    [Test]
    public async Task CallsAreTracedAndListed()
    {
        var trace = await RunAsync("", "--trace", "--", "true");
        Assert.That((trace.Output, trace.Status), Is.EqualTo(("", 0)));
        Assert.That(trace.Error, Does.Contain("exit_group(0) = ?\n").And.Contain("+++ exited with 0 +++\n"));
        var file = Path.Combine(_folder, "trace");
        var some = await RunAsync("", "--trace=%file", "--trace-path", "/etc", "--trace-output", file, "--", "cat", "/etc/hostname");
        Assert.That(some.Error, Is.Empty);
        Assert.That(await File.ReadAllTextAsync(file), Does.Match(@"^\[pid 1\] open(at)?\(.*""/etc/hostname"", .*\n\[pid 1\] \+\+\+ exited"));
        var list = await RunAsync("", "--syscalls");
        Assert.That(list.Output, Does.Match(@"(?m)^ *0 read +done$").And.Match(@"(?m)^ *57 fork +"));
    }

    private static async Task<ProgramRun> RunAsync(string input, params string[] arguments)
    {
        var info = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "Nommu.Samples.Shell.dll")))
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return new ProgramRun(await output, await error, process.ExitCode);
    }
}
