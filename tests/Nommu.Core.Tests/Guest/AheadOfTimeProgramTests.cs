namespace Nommu.Core.Tests.Guest;

/// <summary>As <see cref="GuestProgramTests{TStrategy}"/>, in a host process that was compiled ahead of time (NativeAOT): another runtime, with signal handlers and a collector of its own.</summary>
/// <param name="how">What is put in the place of system calls.</param>
[TestFixture("detour")]
[TestFixture("trap")]
[TestFixture("zpoline")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class AheadOfTimeProgramTests(string how)
{
    private readonly Dictionary<string, ProgramRun> _runs = new(StringComparer.Ordinal);
    private string? _refusal;
    private string _hostEnd = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var (lines, error, status) = await OwnHostProcess.RunAheadOfTimeAsync(["run", how, GuestPaths.Root, GuestPaths.Programs, .. GuestProgram.Names()]);
        _hostEnd = $"the host process ended with {status}: {error}";
        foreach (var line in lines)
        {
            if (line.Name is null)
                _refusal = line.Error;
            else
                _runs[line.Name] = new ProgramRun(line.Output, line.Error, line.Status);
        }
    }

    [TestCaseSource(typeof(GuestProgram), nameof(GuestProgram.Names))]
    public async Task PrintsTheSameAsOnLinux(string name)
    {
        if (_refusal is not null)
            Assert.Ignore(_refusal);
        var native = await GuestProgram.NativelyAsync(name);
        Assert.That(_runs, Does.ContainKey(name), _hostEnd);
        GuestProgram.AssertTheSame(native, _runs[name], how == "zpoline" ? ZpolineProgramTests.LinesOfPageZero(name) : []);
    }
}
