namespace Nommu.Core.Tests.Guest;

/// <summary>In a host process that was compiled ahead of time (NativeAOT): another runtime, with signal handlers and a collector of its own.</summary>
/// <param name="how">What is put in the place of system calls.</param>
[TestFixture("detour")]
[TestFixture("trap")]
[TestFixture("zpoline")]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class AheadOfTimeProgramTests(string how) : OwnHostProgramTests(how)
{
    private protected override Task<(List<OwnHostProcess.Line> Lines, string Error, int Status)> StartAsync(params string[] arguments) => OwnHostProcess.RunAheadOfTimeAsync(arguments);
}
