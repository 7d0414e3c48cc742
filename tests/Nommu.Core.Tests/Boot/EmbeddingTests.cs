using Microsoft.Extensions.DependencyInjection;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Tests.Guest;
using Nommu.Samples.CharacterDevice;

namespace Nommu.Core.Tests.Boot;

/// <summary>A host boots a kernel, starts processes in it and talks to them.</summary>
public class EmbeddingTests
{
    [Test]
    public async Task FromAContainer()
    {
        var services = new ServiceCollection();
        services.AddNommuKernel(kernel => kernel
            .UseRootDirectory(GuestPaths.Root)
            .UseCommandLine("mem=256m loglevel=4")
            .AddCharacterDevice<CounterDevice>("counter"));
        await using var provider = services.BuildServiceProvider();
        await using var kernel = provider.GetRequiredService<Kernel>();
        await kernel.BootAsync();
        GuestProcess process = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "ls /dev | wc -l"));
        string text = await process.StandardOutput.ReadToEndAsync();
        int status = await process.WaitForExitAsync();
        Assert.That(status, Is.Zero);
        Assert.That(text.TrimEnd('\n'), Is.EqualTo((await kernel.ShellAsync("cd /dev; set -- *; echo $#")).TrimEnd('\n')));
        Assert.That(await kernel.ShellAsync("ls /dev"), Does.Contain("counter\n").And.Contain("null\n"));
        Assert.That(kernel, Is.SameAs(provider.GetRequiredService<Kernel>()));
        Assert.That(await kernel.ShellAsync("cat /proc/cmdline"), Is.EqualTo("mem=256m loglevel=4\n"));
    }

    [Test]
    public async Task WithoutAContainer()
    {
        await using var kernel = Kernel.CreateBuilder()
            .UseRootDirectory(GuestPaths.Root)
            .UseCommandLine("mem=256m loglevel=4")
            .AddCharacterDevice<CounterDevice>("counter")
            .Build();
        await kernel.BootAsync();
        GuestProcess process = kernel.Start(new GuestProcessStartInfo("/bin/sh", "-c", "ls /dev/counter"));
        string text = await process.StandardOutput.ReadToEndAsync();
        int status = await process.WaitForExitAsync();
        Assert.That((text, status), Is.EqualTo(("/dev/counter\n", 0)));
    }

    [Test]
    public async Task AProcessReadsWhatTheHostWrites()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("tr", "a-z", "A-Z"));
        await process.StandardInput.WriteAsync("first\n");
        await process.StandardInput.WriteAsync("grüße\n");
        process.StandardInput.Close();
        Assert.That(await process.StandardOutput.ReadToEndAsync(), Is.EqualTo("FIRST\nGRüßE\n"));
        Assert.That(await process.WaitForExitAsync(), Is.Zero);
    }

    [Test]
    public async Task ADialogueGoesBackAndForth()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("sh"));
        for (var i = 1; i <= 3; i++)
        {
            await process.StandardInput.WriteAsync($"echo $(({i} * 7))\n");
            Assert.That(await process.StandardOutput.ReadLineAsync(), Is.EqualTo($"{i * 7}"));
        }
        await process.StandardInput.WriteAsync("exit 3\n");
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(3));
    }

    [Test]
    public async Task ErrorsHaveAStreamOfTheirOwn()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("sh", "-c", "echo good; echo bad >&2; exit 5"));
        Assert.That(await process.StandardOutput.ReadToEndAsync(), Is.EqualTo("good\n"));
        Assert.That(await process.StandardError.ReadToEndAsync(), Is.EqualTo("bad\n"));
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(5));
        Assert.That((process.HasExited, process.ExitCode), Is.EqualTo((true, 5)));
    }

    [Test]
    public async Task StreamsThatLeadNowhereAreRefused()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("cat") { StandardInput = GuestStandardStream.Null, StandardOutput = GuestStandardStream.Null });
        Assert.That(() => process.StandardInput, Throws.InvalidOperationException);
        Assert.That(() => process.StandardOutput, Throws.InvalidOperationException);
        Assert.That(await process.StandardError.ReadToEndAsync(), Is.Empty);
        Assert.That(await process.WaitForExitAsync(), Is.Zero);
    }

    [Test]
    public async Task StartInfoIsObeyed()
    {
        await using var kernel = await TestKernel.BootAsync();
        var info = new GuestProcessStartInfo("/bin/sh", "-c", "pwd; echo $0 $COLOUR $PATH; id -u") { WorkingDirectory = "/etc", ArgumentZero = "hush" };
        info.Environment["COLOUR"] = "green";
        info.Environment["PATH"] = "/bin:/usr/bin";
        info.Credentials = Credentials.Root with { Uid = 1000, Euid = 1000, Suid = 1000, Fsuid = 1000 };
        var process = kernel.Start(info);
        Assert.That(await process.StandardOutput.ReadToEndAsync(), Is.EqualTo("/etc\nhush green /bin:/usr/bin\n1000\n"));
    }

    [TestCase(Signal.SIGKILL)]
    [TestCase(Signal.SIGTERM)]
    [TestCase(Signal.SIGUSR1)]
    public async Task ASignalIsAStatus(Signal signal)
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("sleep", "1000"));
        Assert.That(process.HasExited, Is.False);
        Assert.That(() => process.ExitCode, Throws.InvalidOperationException);
        process.Kill(signal);
        Assert.That(await process.WaitForExitAsync().WaitAsync(TestKernel.Longest), Is.EqualTo(128 + (int)signal));
        process.Kill(signal);
        Assert.That(process.ExitCode, Is.EqualTo(128 + (int)signal));
    }

    [Test]
    public async Task AHandlerSeesTheHostsSignal()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("sh", "-c", "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.01; done"));
        Assert.That(await process.StandardOutput.ReadLineAsync(), Is.EqualTo("ready"));
        process.Kill(Signal.SIGTERM);
        Assert.That(await process.StandardOutput.ReadLineAsync(), Is.EqualTo("caught"));
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(7));
    }

    [Test]
    public async Task AWaitCanBeGivenUp()
    {
        await using var kernel = await TestKernel.BootAsync();
        var process = kernel.Start(new GuestProcessStartInfo("cat"));
        using var cancelled = new CancellationTokenSource();
        var wait = process.WaitForExitAsync(cancelled.Token);
        await cancelled.CancelAsync();
        Assert.That(async () => await wait, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(process.HasExited, Is.False, "only the wait has ended");
        process.StandardInput.Close();
        Assert.That(await process.WaitForExitAsync(), Is.Zero);
    }

    [Test]
    public async Task DisposingEndsWhatRuns()
    {
        var kernel = await TestKernel.BootAsync();
        var sleeping = kernel.Start(new GuestProcessStartInfo("sleep", "1000"));
        var spinning = kernel.Start(new GuestProcessStartInfo("sh", "-c", "while :; do :; done"));
        var reading = kernel.Start(new GuestProcessStartInfo("cat"));
        await kernel.DisposeAsync().AsTask().WaitAsync(TestKernel.Longest);
        Assert.That((sleeping.HasExited, spinning.HasExited, reading.HasExited), Is.EqualTo((true, true, true)));
        Assert.That(await kernel.Halted, Is.EqualTo(HaltReason.PowerOff));
        Assert.That(() => kernel.Start(new GuestProcessStartInfo("true")), Throws.InstanceOf<ObjectDisposedException>());
        await kernel.DisposeAsync();
    }

    [Test]
    public async Task SeveralKernelsLiveSideBySide()
    {
        var kernels = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => TestKernel.BootAsync(builder => builder.UseCommandLine($"number={i} mem={i + 1}00m"))));
        try
        {
            await Task.WhenAll(kernels.Select((kernel, i) => kernel.ShellAsync($"hostname machine{i}; echo {i} > /tmp/mine; mkdir /only{i}")));
            for (var i = 0; i < kernels.Length; i++)
                Assert.That(await kernels[i].ShellAsync("hostname; cat /tmp/mine; ls -d /only*; cat /proc/cmdline"), Is.EqualTo($"machine{i}\n{i}\n/only{i}\nnumber={i} mem={i + 1}00m\n"));
            await kernels[0].DisposeAsync();
            Assert.That(await kernels[1].ShellAsync("hostname"), Is.EqualTo("machine1\n"), "the others live on");
        }
        finally
        {
            foreach (var kernel in kernels)
                await kernel.DisposeAsync();
        }
    }

    [Test]
    public async Task InitRunsAsTheCommandLineSays()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseCommandLine("init=/bin/sh greeting=hello -- -c \"echo $greeting $$ $1 > /dev/console\" name word"));
        using var console = kernel.ConnectConsole();
        var init = kernel.StartInit();
        Assert.That(init.Id, Is.EqualTo(1));
        Assert.That(await init.WaitForExitAsync().WaitAsync(TestKernel.Longest), Is.Zero);
        Assert.That(await kernel.Halted.WaitAsync(TestKernel.Longest), Is.EqualTo(HaltReason.InitExited));
    }
}
