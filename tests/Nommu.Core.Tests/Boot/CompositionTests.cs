using System.Collections.Concurrent;
using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls;
using Nommu.Core.Tests.Guest;
using Nommu.Core.Tests.Time;
using Nommu.Samples.CharacterDevice;

namespace Nommu.Core.Tests.Boot;

/// <summary>What a kernel consists of can be added to and replaced by its host, a line each.</summary>
public class CompositionTests
{
    [Test]
    public async Task ABinaryFormatIsAdded()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddBinaryFormat<PercentFormat>());
        Assert.That(await kernel.ShellAsync("printf '%%text\\nhello\\n' > /tmp/program; chmod +x /tmp/program; /tmp/program"), Is.EqualTo("hello\n"));
    }

    [Test]
    public async Task ABinaryFormatIsReplaced()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddBinaryFormat<NoScripts>());
        var run = await ProgramRun.InKernelAsync(kernel, "sh", "/", "-c", "printf '#!/bin/echo\\n' > /tmp/script; chmod +x /tmp/script; env /tmp/script");
        Assert.That(run.Error, Does.Contain("Text file busy"));
    }

    [Test]
    public async Task ARewritingStrategyChoosesByFile()
    {
        ByFile.Asked.Clear();
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseRewriting<ByFile>());
        Assert.That(await kernel.ShellAsync("echo rewritten; dmesg | grep -c 'System calls: by-file'"), Is.EqualTo("rewritten\n1\n"));
        Assert.That(ByFile.Asked, Is.Not.Empty);
    }

    [Test]
    public async Task AFileSystemTypeIsAdded()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddFileSystem<NoteFs>());
        Assert.That(await kernel.ShellAsync("grep notefs /proc/filesystems; mkdir /notes; mount -t notefs -o remember none /notes; cat /notes/note; ls /notes; grep notes /proc/mounts; umount /notes; ls /notes | wc -l"),
            Is.EqualTo("nodev\tnotefs\nremember\nnote\nnone /notes notefs rw,relatime 0 0\n0\n"));
    }

    [Test]
    public async Task ADeviceIsUsedByAShell()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddCharacterDevice<CounterDevice>("counter"));
        Assert.That(await kernel.ShellAsync("head -n 2 /dev/counter; echo 4 > /dev/counter; head -n 1 /dev/counter; (sleep 0.05; echo 1 > /dev/counter) & head -n 1 /dev/counter; stat -c %A /dev/counter"),
            Is.EqualTo("1\n2\n5\n2\ncrw-rw-rw-\n"));
    }

    [Test]
    public async Task ADeviceWaitsPollsAndIsControlled()
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.AddCharacterDevice("test/counter", new CounterDevice(), (InodeMode)0x180));
        var process = kernel.Start(new GuestProcessStartInfo("/guest/host-device.tool", "/dev/test/counter"));
        var said = new StringBuilder();
        try
        {
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(TestKernel.Longest) is { } line && line != "waiting")
                said.AppendLine(line);
            await kernel.ShellAsync("echo 2 > /dev/test/counter");
            said.Append(await process.StandardOutput.ReadToEndAsync().WaitAsync(TestKernel.Longest));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"It has only said:\n{said}");
        }
        Assert.That(said.ToString(), Is.EqualTo("""
            fresh: poll 1 in 1 out 1, ioctl 0 value 0
            read 2: 1
            at the limit: poll 1 in 0 out 1, ioctl 0 value 5
            nonblocking -1 errno 11
            interrupted -1 errno 4
            nonsense -1 errno 22
            unknown ioctl -1 errno 25
            bad pointer -1 errno 14
            woken 1
            read 2: 3

            """));
    }

    [Test]
    public async Task ADeviceIsToldOfOpenAndRelease()
    {
        var device = new OpenOnce();
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddCharacterDevice("once", device));
        Assert.That(await kernel.ShellAsync("cat /dev/once 2>&1 </dev/once; cat /dev/once; echo end"), Does.Contain("busy").And.EndsWith("end\n"));
        Assert.That((device.Opened, device.Released), Is.EqualTo((2, 2)));
    }

    [Test]
    public async Task ADeviceReplacesOneOfOurs()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.AddCharacterDevice<CounterDevice>("zero"));
        Assert.That(await kernel.ShellAsync("head -n 1 /dev/zero"), Is.EqualTo("1\n"));
    }

    [Test]
    public async Task ADeviceComesWhileTheKernelRuns()
    {
        await using var kernel = await TestKernel.BootAsync();
        Assert.That(await kernel.ShellAsync("ls /dev/late 2>/dev/null | wc -l"), Is.EqualTo("0\n"));
        var number = kernel.Devices.Add("late", new CounterDevice());
        Assert.That(await kernel.ShellAsync("head -n 1 /dev/late"), Is.EqualTo("1\n"));
        kernel.Devices.Remove(number.Value);
        Assert.That(await kernel.ShellAsync("ls /dev/late 2>/dev/null | wc -l"), Is.EqualTo("0\n"));
    }

    [Test]
    public async Task ASystemCallIsAdded()
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.AddSystemCall(600, (in SystemCall call) => (long)(call[0] * call[1])));
        Assert.That(await kernel.ShellAsync("/guest/host-call.tool 600 6 7; /guest/host-call.tool 601 6 7"), Is.EqualTo("42\n-1 38\n"));
        Assert.That(kernel.SystemCalls, Has.Some.Matches<SystemCallInfo>(info => info.Number == 600));
    }

    [Test]
    public async Task ASystemCallReadsAndWritesMemory()
    {
        var words = new ConcurrentQueue<string>();
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.AddSystemCall(600, (in SystemCall call) =>
        {
            Span<byte> word = stackalloc byte[5];
            var error = call.Memory.Read(call[0], word);
            if (error != Errno.None)
                return error;
            words.Enqueue($"{Encoding.ASCII.GetString(word)} {call.Number} {call.Process.Id == call.ThreadId}");
            return 0;
        }));
        Assert.That(await kernel.ShellAsync("/guest/host-call.tool 600 hello; /guest/host-call.tool 600 8"), Is.EqualTo("0\n-1 14\n"));
        Assert.That(words, Is.EqualTo(new[] { "hello 600 True" }));
    }

    [Test]
    public async Task ASystemCallIsReplaced()
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.AddSystemCall(107, (in SystemCall call) => 4242));
        Assert.That(await kernel.ShellAsync("/guest/host-call.tool 107; id -u; /guest/host-call.tool 102"), Is.EqualTo("4242\n4242\n0\n"));
    }

    [Test]
    public async Task ASystemCallIsWrapped()
    {
        var calls = 0;
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder
            .WrapSystemCall(95, old => (in SystemCall call) => old(call).Value + 1)
            .WrapSystemCall(95, old => (in SystemCall call) =>
            {
                Interlocked.Increment(ref calls);
                return old(call).Value * 10;
            }));
        Assert.That(await kernel.ShellAsync("/guest/host-call.tool 95 8"), Is.EqualTo("190\n"), "umask 022 is 18, one more, ten times");
        Assert.That(calls, Is.GreaterThanOrEqualTo(1));
    }

    [Test]
    public async Task TheClockIsTheHosts()
    {
        var clock = new ManualClock();
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseClock(clock));
        Assert.That(await kernel.ShellAsync("date -u '+%F %T'"), Is.EqualTo("2020-01-02 00:00:00\n"));
        var sleeping = kernel.Start(new GuestProcessStartInfo("sh", "-c", "sleep 3600; date -u '+%F %T'"));
        clock.WaitForTimer();
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.That(sleeping.HasExited, Is.False);
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.That(await sleeping.StandardOutput.ReadToEndAsync().WaitAsync(TestKernel.Longest), Is.EqualTo("2020-01-02 01:00:00\n"));
        Assert.That(await sleeping.WaitForExitAsync(), Is.Zero);
    }
}
