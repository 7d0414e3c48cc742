using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Tests.Guest;

/// <summary>Every system call with arguments made up: whatever becomes of the guest, the kernel has no bug that shows, and other guests go on.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class BadCallTests
{
    private const int Highest = 462, AtOnce = 6, Rounds = 200;

    /// <summary>Nothing would come of the first ones but processes without number; the others do what they say.</summary>
    private static readonly HashSet<SystemCallNumber> s_never =
        [SystemCallNumber.clone, SystemCallNumber.fork, SystemCallNumber.vfork, SystemCallNumber.clone3, SystemCallNumber.exit, SystemCallNumber.exit_group];

    /// <summary>By these root may end, stop or starve the others, which is no bug.</summary>
    private static readonly HashSet<SystemCallNumber> s_notByRoot =
    [
        SystemCallNumber.kill, SystemCallNumber.tkill, SystemCallNumber.tgkill, SystemCallNumber.rt_sigqueueinfo, SystemCallNumber.rt_tgsigqueueinfo, SystemCallNumber.pidfd_send_signal,
        SystemCallNumber.prlimit64, SystemCallNumber.ptrace, SystemCallNumber.reboot,
    ];

    private readonly LogCapture _log = new();
    private readonly int _seed = TestContext.CurrentContext.Random.Next();

    [TestCase(true)]
    [TestCase(false)]
    public async Task NoneHarmsTheOthers(bool isRoot)
    {
        TestContext.Out.WriteLine($"seed {_seed}");
        await using var kernel = await BadInputTests.BootAsync(_log, "mem=256m");
        var other = kernel.Start(new GuestProcessStartInfo("/bin/cat"));
        var numbers = Enumerable.Range(0, Highest).Where(number => !s_never.Contains((SystemCallNumber)number) && !(isRoot && s_notByRoot.Contains((SystemCallNumber)number)));
        foreach (var some in numbers.Chunk(24))
        {
            await Parallel.ForEachAsync(some, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) => await CallAsync(kernel, number, isRoot ? 0 : 1000 + (uint)number));
            await BadInputTests.AssertAnswersAsync(other, $"{some[^1]}");
        }
        // What outlives its makers by design.
        await ProgramRun.InKernelAsync(kernel, "/bin/sh", "/", "-c", "remove() { tail -n +2 /proc/sysvipc/$1 | while read key id rest; do ipcrm $2 $id; done; }; remove shm -m; remove sem -s; remove msg -q");
        other.StandardInput.Close();
        Assert.That(await other.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10)), Is.Zero);
        Assert.Multiple(() =>
        {
            Assert.That(_log.Lines.Where(line => line.Contains("Exception", StringComparison.Ordinal)), Is.Empty);
            Assert.That(kernel.Machine.Tasks.Count, Is.Zero);
            Assert.That(kernel.Machine.Arena.Charged, Is.Zero);
        });
    }

    private async Task CallAsync(Kernel kernel, int number, uint uid)
    {
        var process = await StartAsync(kernel, new GuestProcessStartInfo("/guest/bad-calls.tool", $"{number}", $"{_seed}", $"{Rounds}")
        {
            StandardInput = GuestStandardStream.Null,
            StandardOutput = GuestStandardStream.Null,
            StandardError = GuestStandardStream.Null,
            WorkingDirectory = "/tmp",
            Credentials = Credentials.Root with { Uid = uid, Euid = uid, Suid = uid, Fsuid = uid, Gid = uid, Egid = uid, Sgid = uid, Fsgid = uid },
        });
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(3));
        }
        catch (TimeoutException)
        {
            process.Kill(); // it waits with its timer's signal blocked
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>The others may have all memory for a while, in files or for themselves.</summary>
    internal static async Task<GuestProcess> StartAsync(Kernel kernel, GuestProcessStartInfo info)
    {
        for (var left = 200; ; left--)
        {
            try
            {
                return kernel.Start(info);
            }
            catch (GuestException refused) when (refused.Error == Errno.ENOMEM && left > 0)
            {
                await Task.Delay(50);
            }
        }
    }
}
