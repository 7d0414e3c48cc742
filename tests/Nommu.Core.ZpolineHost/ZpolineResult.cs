namespace Nommu.Core.ZpolineHost;

/// <summary>A line of what the host process prints: a program's end, or why the machine would not boot (then without a name).</summary>
internal sealed record ZpolineResult(string? Name, int Status, string Output, string Error);
