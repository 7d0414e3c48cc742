namespace Nommu.Core.Rewriter;

/// <summary>What became of the system calls of one file.</summary>
/// <param name="Path">Where a guest found it when it was read.</param>
/// <param name="Coverage">One for each executable segment, in the file's order.</param>
public sealed record RewrittenFile(string Path, IReadOnlyList<RewritingCoverage> Coverage);
