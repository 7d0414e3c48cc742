using System.Globalization;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Tests.Guest;

/// <summary>A guest that looks for a way past the rewriter: each ends in this kernel or in a signal, never in the host's kernel.</summary>
/// <remarks>What no kernel in the host's own process can prevent stands in the README: a guest may jump into our emitted code, or write to the host's memory.</remarks>
[TestFixture(typeof(DetourStrategy))]
[TestFixture(typeof(TrapStrategy))]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class EscapeTests<TStrategy> where TStrategy : class, IRewritingStrategy
{
    private const string Answered = "answered by the right kernel";
    private Kernel _kernel = null!;

    [OneTimeSetUp]
    public async Task BootAsync()
    {
        _kernel = Kernel.CreateBuilder().UseRewriting<TStrategy>().UseRootDirectory(GuestPaths.Root).AddRootDirectory("/guest", GuestPaths.Programs).Build();
        await _kernel.BootAsync();
    }

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _kernel.DisposeAsync();

    /// <summary>As Linux without 32-bit programs: a general protection fault with the gate's number.</summary>
    [Test]
    public async Task TheInterruptOf32BitProgramsIsForbidden() => Assert.That(await RunAsync("int80"), Is.EqualTo("signal 11, code 128, address 0, at cd 80, trap 13, error 402\n"));

    /// <summary>AMD's processors do not know it in 64-bit code; on Intel's Linux answers it as a call of a 32-bit program.</summary>
    [Test]
    public async Task SysenterIsForbidden() => Assert.That(await RunAsync("sysenter"), Does.StartWith("signal ").And.Not.Contain("ESCAPED"));

    [TestCase("made", 3)]
    [TestCase("copied", 1)]
    [TestCase("inside", 6)]
    public async Task CodeThatNobodyCouldRewriteIsCaught(string way, int lines)
    {
        var output = await RunAsync(way);
        Assert.That(output.TrimEnd().Split('\n'), Has.Length.EqualTo(lines).And.All.EndsWith(Answered));
    }

    /// <summary>Noticed at the first signal or trap; before, rewritten code jumps to wherever the guest's own GS says, which is the guest's own end.</summary>
    [Test]
    public async Task GsThatIsSetByMadeCodeIsTheGuestsFromThereOn()
    {
        Assert.That((await RunAsync("gs")).TrimEnd().Split('\n'), Has.Length.EqualTo(3).And.All.EndsWith(Answered));
        var early = await ProgramRun.InKernelAsync(_kernel, "/guest/escapes.tool", "/", "gs", "early");
        Assert.That(early.Output, Does.Not.Contain("ESCAPED"));
        Assert.That((await ProgramRun.InKernelAsync(_kernel, "/bin/echo", "/", "on")).Output, Is.EqualTo("on\n"));
    }

    [Test]
    public async Task AJumpToACallInTheHostsLibraryIsCaught() => Assert.That(await RunAsync("host", CallInLibc().ToString("x", CultureInfo.InvariantCulture)), Is.EqualTo($"the host's own: {Answered}\n"));

    private async Task<string> RunAsync(params string[] arguments)
    {
        var run = await ProgramRun.InKernelAsync(_kernel, "/guest/escapes.tool", "/", arguments);
        Assert.That((run.Error, run.Status), Is.EqualTo(("", 0)), run.Output);
        return run.Output;
    }

    /// <summary>Where the host's libc has <c>syscall; ret</c>.</summary>
    private static ulong CallInLibc()
    {
        var text = File.ReadLines("/proc/self/maps").First(line => line.Contains("r-xp", StringComparison.Ordinal) && line.Contains("/libc.so.6", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var range = text[0].Split('-').Select(part => ulong.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        var bytes = new byte[range[1] - range[0]];
        using var memory = File.OpenRead("/proc/self/mem");
        memory.Position = (long)range[0];
        memory.ReadExactly(bytes);
        var at = bytes.AsSpan().IndexOf(new byte[] { 0x0f, 0x05, 0xc3 });
        Assert.That(at, Is.Not.Negative);
        return range[0] + (ulong)at;
    }
}
