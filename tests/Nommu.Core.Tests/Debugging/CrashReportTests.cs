using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Nommu.Core.Abi;
using Nommu.Core.Tests.Boot;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Debugging;

/// <summary>What the log says of tests/guest/crash.tool.c when it dies.</summary>
public class CrashReportTests
{
    private readonly LogList _log = new();

    [TearDown]
    public void Dispose() => _log.Dispose();

    [Test]
    public async Task AFaultIsToldWithTheFunctionsThatLedThere()
    {
        var report = await ReportAsync(Signal.SIGSEGV, "segv");
        Assert.That(report, Does.Match(@"^process \d+, thread \d+ \(crash\.tool\) dies of SIGSEGV \(SEGV_MAPERR\), address 0x0\n  rip [0-9a-f]{16} rsp "));
        Assert.That(Functions(report), Is.EqualTo(new[] { "write_nowhere", "middle", "middle", "middle", "main" }));
        Assert.That(report, Does.Contain("/guest/crash.tool+0x").And.Match(@"loaded, for gdb:\n  add-symbol-file /guest/crash\.tool -o 0x[0-9a-f]+"));
        Assert.That(report, Does.Match(@"last system calls:\n(  .* = .*\n)*  close\(77\) = -1 EBADF \(Bad file descriptor\)\n  write\(1, 0x[0-9a-f]+, 4\) = 4\nloaded"));
    }

    [Test]
    public async Task ACallOfNothingIsToldByItsCaller()
    {
        var report = await ReportAsync(Signal.SIGSEGV, "null");
        Assert.That(report, Does.Match(@"functions:\n  #0 0x0 not mapped\n  #1 0x[0-9a-f]+ /guest/crash\.tool\+0x[0-9a-f]+ \(main\+"));
    }

    [Test]
    public async Task TheWayGoesThroughASignalsFrame()
    {
        var report = await ReportAsync(Signal.SIGSEGV, "handler");
        Assert.That(Functions(report).Take(4), Is.EqualTo(new[] { "write_nowhere", "middle", "middle", "handler" }));
        Assert.That(report, Does.Contain(" (a signal came)").And.Match(@"\(main\+.*\n"));
    }

    [Test]
    public async Task TheThreadThatDiedIsTheOneInTheReport()
    {
        var report = await ReportAsync(Signal.SIGSEGV, "thread");
        Assert.That(Functions(report).Take(3), Is.EqualTo(new[] { "write_nowhere", "middle", "work" }));
        Assert.That(report, Does.Match(@"last system calls:\n(  .*\n)*  write\(2, 0x[0-9a-f]+, 0\) = 0\nloaded").And.Not.Contain("close(77)"));
    }

    [TestCase(Signal.SIGABRT, "abort", "dies of SIGABRT (SI_TKILL), address none")]
    [TestCase(Signal.SIGILL, "trap", "dies of SIGILL (ILL_ILLOPN), address 0x")]
    public async Task OtherSignalsAreToldToo(Signal signal, string how, string what) => Assert.That(await ReportAsync(signal, how), Does.Contain(what));

    [Test]
    public async Task WhoIsToldToEndOrEndsWellIsNotReported()
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.UseLogging(_log));
        await kernel.ShellAsync("sh -c 'kill -TERM $$'; sh -c 'kill -KILL $$'; sh -c 'exit 3'; true");
        Assert.That(Reports(), Is.Empty);
    }

    [Test]
    public async Task ReportsCanBeTurnedOff()
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.UseLogging(_log).Options.ReportCrashes = false);
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/guest/crash.tool", "/", "segv")).Status, Is.EqualTo(128 + (int)Signal.SIGSEGV));
        Assert.That(Reports(), Is.Empty);
    }

    [Test]
    public async Task ProgramsAndLibrariesSayWhereTheyAreLoaded()
    {
        await using var kernel = await TestKernel.BootAsync(builder => builder.UseLogging(_log));
        await kernel.ShellAsync("true");
        var lines = _log.Lines.Where(line => line.Category == "Nommu.Core.Programs").ToList();
        Assert.That(lines.Select(line => line.Level), Is.All.EqualTo(LogLevel.Debug));
        Assert.That(lines.Select(line => line.Text), Has.Some.Match(@"^process \d+: add-symbol-file /bin/busybox -o 0x[0-9a-f]+$").And.Some.Contains("/lib/ld-musl-x86_64.so.1 -o 0x"));
    }

    private async Task<string> ReportAsync(Signal signal, string how)
    {
        await using var kernel = await TestKernel.BootWithProgramsAsync(builder => builder.UseLogging(_log).Options.RememberSystemCalls = true);
        Assert.That((await ProgramRun.InKernelAsync(kernel, "/guest/crash.tool", "/", how)).Status, Is.EqualTo(128 + (int)signal));
        Assert.That(Reports(), Has.Count.EqualTo(1));
        return Reports()[0];
    }

    private List<string> Reports() => [.. _log.Lines.Where(line => line.Category == "Nommu.Core.Crashes").Select(line => line.Text)];

    /// <summary>Those that are no guesses, up to main.</summary>
    private static List<string> Functions(string report)
    {
        var names = Regex.Matches(report, @"^  #\d+ 0x[0-9a-f]+ \S+ \((\w+)[^)]*\)(?! \(a guess)", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToList();
        var main = names.IndexOf("main");
        return main < 0 ? names : names[..(main + 1)];
    }
}
