namespace Nommu.Core.Tests.Guest;

/// <summary>As <see cref="GuestProgramTests{TStrategy}"/>, in a host process that does without Syscall User Dispatch and the FSGSBASE instructions: seccomp filters and arch_prctl(2) take their places.</summary>
/// <param name="how">With the detour, or with nothing rewritten, so that every call is caught by a filter.</param>
[TestFixture("old-host")]
[TestFixture("old-host-trapping")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class OldHostProgramTests(string how)
{
    private readonly Dictionary<string, ProgramRun> _runs = new(StringComparer.Ordinal);
    private string _hostEnd = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync(["run", how, GuestPaths.Root, GuestPaths.Programs, .. GuestProgram.Names()]);
        _hostEnd = $"the host process ended with {status}: {error}{string.Concat(lines.Where(line => line.Name is null).Select(line => line.Error))}";
        foreach (var line in lines.Where(line => line.Name is not null))
            _runs[line.Name!] = new ProgramRun(line.Output, line.Error, line.Status);
    }

    [Test]
    public void ItsThreadsHaveFilters() => Assert.That(_runs["(filtered threads)"].Status, Is.Positive, _hostEnd);

    [TestCaseSource(typeof(GuestProgram), nameof(GuestProgram.Names))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        var native = await GuestProgram.NativelyAsync(name);
        Assert.That(_runs, Does.ContainKey(name), _hostEnd);
        GuestProgram.AssertTheSame(native, _runs[name]);
    }
}
