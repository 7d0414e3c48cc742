namespace Nommu.Core.Tests.Guest;

/// <summary>In a host process that does without Syscall User Dispatch and the FSGSBASE instructions: seccomp filters and arch_prctl(2) take their places.</summary>
/// <param name="how">With the detour, or with nothing rewritten, so that every call is caught by a filter.</param>
[TestFixture("old-host")]
[TestFixture("old-host-trapping")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class OldHostProgramTests(string how) : OwnHostProgramTests(how)
{
    private protected override Task<(List<OwnHostProcess.Line> Lines, string Error, int Status)> StartAsync(params string[] arguments) => OwnHostProcess.RunAsync(arguments);

    [Test]
    public void ItsThreadsHaveFilters() => Assert.That(RunOf("(filtered threads)").Status, Is.Positive);
}
