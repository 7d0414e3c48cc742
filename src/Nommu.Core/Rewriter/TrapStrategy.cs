namespace Nommu.Core.Rewriter;

/// <summary>Rewrites nothing: every system call is a trap (Syscall User Dispatch). Slow and exhaustive; what the other strategies are compared with.</summary>
public sealed class TrapStrategy : IRewritingStrategy
{
    /// <inheritdoc/>
    public string Name => "trap";

    /// <inheritdoc/>
    public RewrittenText Rewrite(ExecutableText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return RewrittenText.Unchanged(text);
    }
}
