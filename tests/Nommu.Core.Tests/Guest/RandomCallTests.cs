using System.Globalization;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>System calls of random numbers with hostile arguments, from several threads of several processes at once: whatever becomes of the guests, the host is whole, nothing hangs and nothing is left behind. Not beside other tests: it counts what this whole process has.</summary>
[NonParallelizable]
public class RandomCallTests
{
    private const int CallsOfAProcess = 20_000, AtOnce = 3, ThreadsOfAProcess = 5;

    /// <summary>What the runtime keeps of what it once needed.</summary>
    private const int Kilobytes = 64 << 10;

    /// <summary>The arena keeps up to 1,024 pieces as processes have left them, each a mapping or two of the host's.</summary>
    private const int Mappings = 2304;

    private static readonly TimeSpan LongestProcess = TimeSpan.FromSeconds(5);

    private readonly LogCapture _log = new();
    private readonly int _seed = TestContext.CurrentContext.Random.Next();
    private int _processes;
    private long _calls;

    [Test]
    public async Task TheHostStaysWhole()
    {
        var wanted = 100_000L * TestLength.Times;
        TestContext.Out.WriteLine($"seed {_seed}, {wanted} calls");
        await using var kernel = await BadInputTests.BootAsync(_log, "mem=1g");
        var other = kernel.Start(new GuestProcessStartInfo("/bin/cat"));
        await CallAsync(kernel, 20_000);
        await RemoveAsync(kernel);
        var before = HostFigures.Now(kernel);
        while (Volatile.Read(ref _calls) < wanted)
        {
            await CallAsync(kernel, Math.Min(wanted, Volatile.Read(ref _calls) + 500_000));
            await RemoveAsync(kernel);
            await BadInputTests.AssertAnswersAsync(other, $"after {_calls}");
            Assert.That(() => LengthOf(null), Throws.TypeOf<NullReferenceException>());
        }
        await HostFigures.AssertNoGrowthAsync(before, kernel, Mappings, Kilobytes, AtOnce * ThreadsOfAProcess);
        TestContext.Out.WriteLine($"{_calls} calls by {_processes} processes");
        other.StandardInput.Close();
        Assert.That(await other.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Zero);
        Assert.That(_log.Lines.Where(line => line.Contains("Exception", StringComparison.Ordinal)), Is.Empty);
        Assert.That((kernel.Machine.Tasks.Count, kernel.Machine.Arena.Charged), Is.EqualTo((0, 0)));
    }

    private static int LengthOf(string? text) => text!.Length;

    private Task CallAsync(Kernel kernel, long until) => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
    {
        while (Volatile.Read(ref _calls) < until)
            Interlocked.Add(ref _calls, await RunOneAsync(kernel, Interlocked.Increment(ref _processes)));
    }));

    /// <summary>One process.</summary>
    /// <returns>How many calls it has made.</returns>
    private async Task<long> RunOneAsync(Kernel kernel, int number)
    {
        var uid = number % 4 == 0 ? 0 : 1000 + (uint)number;
        var process = await BadCallTests.StartAsync(kernel, new GuestProcessStartInfo("/guest/random-calls.tool", $"{_seed + number}", $"{CallsOfAProcess}")
        {
            StandardInput = GuestStandardStream.Null,
            StandardOutput = GuestStandardStream.Null,
            StandardError = GuestStandardStream.Null,
            WorkingDirectory = "/tmp",
            Credentials = Credentials.Root with { Uid = uid, Euid = uid, Suid = uid, Fsuid = uid, Gid = uid, Egid = uid, Sgid = uid, Fsgid = uid },
        });
        try
        {
            await process.WaitForExitAsync().WaitAsync(LongestProcess);
        }
        catch (TimeoutException)
        {
            process.Kill(); // it has stopped itself, or lost what looks after its threads
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
        var counts = await RunAsync(kernel, "/usr/bin/od", "/tmp", "-A", "n", "-t", "d8", "-v", "-N", "32", $"{_seed + number}/count");
        await RunAsync(kernel, "/bin/rm", "/tmp", "-rf", $"{_seed + number}");
        return counts.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Sum(count => Math.Clamp(long.Parse(count, CultureInfo.InvariantCulture), 0, CallsOfAProcess));
    }

    /// <summary>One of busybox's programs, as soon as there is memory for it.</summary>
    private static async Task<ProgramRun> RunAsync(Kernel kernel, string path, string directory, params string[] arguments)
    {
        for (var left = 200; ; left--)
        {
            try
            {
                return await ProgramRun.InKernelAsync(kernel, path, directory, arguments);
            }
            catch (GuestException refused) when (refused.Error == Errno.ENOMEM && left > 0)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>What outlives its makers by design: System V's objects, and files that root has made elsewhere.</summary>
    private static async Task RemoveAsync(Kernel kernel)
    {
        await RunAsync(kernel, "/bin/sh", "/", "-c", "remove() { tail -n +2 /proc/sysvipc/$1 | while read key id rest; do ipcrm $2 $id; done; }; remove shm -m; remove sem -s; remove msg -q");
        var ours = Directory.EnumerateFileSystemEntries(GuestPaths.Root).Select(path => Path.GetFileName(path)).Append("guest").SelectMany(name => new[] { "!", "-name", name });
        string[] arguments = ["/", "-xdev", "-mindepth", "1", "-maxdepth", "1", .. ours, "-exec", "rm", "-rf", "{}", "+"];
        await RunAsync(kernel, "/usr/bin/find", "/", arguments);
        await RunAsync(kernel, "/bin/sh", "/", "-c", "rm -rf /tmp/* /tmp/.[!.]* /var/tmp/* /dev/shm/*");
    }
}
