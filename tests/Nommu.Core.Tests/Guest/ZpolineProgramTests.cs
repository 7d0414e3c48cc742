namespace Nommu.Core.Tests.Guest;

/// <summary>With zpoline, which needs a process of its own, because page zero stays mapped in the one that has asked for it.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public class ZpolineProgramTests() : OwnHostProgramTests("zpoline")
{
    private protected override Task<(List<OwnHostProcess.Line> Lines, string Error, int Status)> StartAsync(params string[] arguments) => OwnHostProcess.RunAsync(arguments);
}
