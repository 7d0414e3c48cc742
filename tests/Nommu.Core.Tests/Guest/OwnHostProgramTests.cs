namespace Nommu.Core.Tests.Guest;

/// <summary>As <see cref="GuestProgramTests{TStrategy}"/>, in a host process of its own, which runs all of them.</summary>
/// <param name="how">What Nommu.Core.HostProcess is told to do.</param>
public abstract class OwnHostProgramTests(string how)
{
    private const string Zpoline = "zpoline";

    /// <summary>Lines that cannot be the same with zpoline, by program: page zero is there, so that a call to null runs the trampoline, a write to it is forbidden instead of going nowhere, and a read succeeds where the processor has no protection keys.</summary>
    private static readonly Dictionary<string, string[]> s_ofPageZero = new(StringComparer.Ordinal)
    {
        ["fault-deaths"] = ["call: ", "call, ignored in vain: ", "call, blocked in vain: "],
        ["faults"] = ["read of null: ", "write to null: ", "call of null: "],
    };

    private readonly Dictionary<string, ProgramRun> _runs = new(StringComparer.Ordinal);
    private string? _refusal;
    private string _hostEnd = "";

    private protected abstract Task<(List<OwnHostProcess.Line> Lines, string Error, int Status)> StartAsync(params string[] arguments);

    [OneTimeSetUp]
    public async Task RunAsync()
    {
        var (lines, error, status) = await StartAsync(["run", how, GuestPaths.Root, GuestPaths.Programs, .. GuestProgram.Names()]);
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
        if (how == Zpoline && !HostPageZero.IsGivenAway)
        {
            Assert.That(_refusal, Does.Contain("CAP_SYS_RAWIO").And.Contain("vm.mmap_min_addr"));
            return;
        }
        Assert.That(_refusal, Is.Null);
        var native = await GuestProgram.NativelyAsync(name);
        GuestProgram.AssertTheSame(native, RunOf(name), how == Zpoline ? s_ofPageZero.GetValueOrDefault(name, []) : []);
    }

    private protected ProgramRun RunOf(string name)
    {
        Assert.That(_runs, Does.ContainKey(name), _hostEnd);
        return _runs[name];
    }
}
