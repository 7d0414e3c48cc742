namespace Nommu.Core.HostProcess;

/// <summary>A line of what the host process prints: a program's end, or why the machine would not boot (then without a name).</summary>
internal sealed record ProgramResult(string? Name, int Status, string Output, string Error);
