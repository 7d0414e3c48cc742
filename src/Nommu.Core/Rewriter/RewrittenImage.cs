namespace Nommu.Core.Rewriter;

/// <summary>The rewritten texts of one file, in the order of its executable PT_LOADs. Immutable; what the caches hand out.</summary>
internal sealed class RewrittenImage(IReadOnlyList<RewrittenText> texts)
{
    // What an object costs besides the bytes it holds, roughly.
    private const int PatchWeight = 160;
    private const int TextWeight = 512;

    internal IReadOnlyList<RewrittenText> Texts { get; } = texts;

    /// <summary>True when any text may use registers wider than 128 bits.</summary>
    internal bool HasVectorExtensions { get; } = texts.Any(text => text.HasVectorExtensions);

    /// <summary>Roughly its bytes in memory, for a cache's bound.</summary>
    internal long Weight { get; } = texts.Sum(text => TextWeight + 2L * text.Stubs.Length + (long)PatchWeight * text.Patches.Count);

    /// <summary>The text that begins at an address.</summary>
    /// <param name="address">As the file says it.</param>
    internal RewrittenText? TextAt(ulong address)
    {
        foreach (var text in Texts)
        {
            if (text.TextAddress == address)
                return text;
        }
        return null;
    }
}
