namespace Nommu.Core.Tests.Guest;

/// <summary>As <see cref="GuestProgramTests{TStrategy}"/>, with zpoline, in one host process of its own, because page zero stays mapped in the process that has asked for it.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class ZpolineProgramTests
{
    /// <summary>Lines that cannot be the same, by program: page zero is there, so that a call to null runs the trampoline, a write to it is forbidden instead of going nowhere, and a read succeeds where the processor has no protection keys.</summary>
    private static readonly Dictionary<string, string[]> s_ofPageZero = new(StringComparer.Ordinal)
    {
        ["fault-deaths"] = ["call: ", "call, ignored in vain: ", "call, blocked in vain: "],
        ["faults"] = ["read of null: ", "write to null: ", "call of null: "],
    };

    private readonly Dictionary<string, ProgramRun> _runs = new(StringComparer.Ordinal);
    private string? _refusal;
    private string _hostEnd = "";

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var (lines, error, status) = await OwnHostProcess.RunAsync(["run", "zpoline", GuestPaths.Root, GuestPaths.Programs, .. GuestProgram.Names()]);
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
        GuestProgram.AssertTheSame(native, _runs[name], LinesOfPageZero(name));
    }

    internal static string[] LinesOfPageZero(string program) => s_ofPageZero.GetValueOrDefault(program, []);
}
