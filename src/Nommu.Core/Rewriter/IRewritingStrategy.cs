namespace Nommu.Core.Rewriter;

/// <summary>
/// How a program's <c>syscall</c> instructions come to enter the kernel without a trap. Linux has no counterpart: there the processor enters the kernel.
/// Whatever a strategy leaves alone is caught by a trap (Syscall User Dispatch), so a strategy decides about speed, never about correctness.
/// </summary>
/// <remarks>
/// The built-in ones are <see cref="DetourStrategy"/> (default), <see cref="ZpolineStrategy"/> and <see cref="TrapStrategy"/>; a host's own may choose among them by file. Called once per executable segment of a file, from any thread.
/// </remarks>
public interface IRewritingStrategy
{
    /// <summary>A short lower-case name for the boot log and for the cache: two strategies that rewrite differently have different names.</summary>
    string Name { get; }

    /// <summary>Rewrites one executable segment.</summary>
    /// <param name="text">The segment as it stands in the file.</param>
    /// <returns>What to change; <see cref="RewrittenText.Unchanged"/> changes nothing.</returns>
    RewrittenText Rewrite(ExecutableText text);
}
