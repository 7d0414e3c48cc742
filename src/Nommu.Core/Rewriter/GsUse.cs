namespace Nommu.Core.Rewriter;

/// <summary>Tells whether a text reads or sets GS by the instructions for it (RDGSBASE and WRGSBASE, Intel SDM vol. 2). A process with such a text gets GS for itself before it runs.</summary>
/// <remarks>Three bytes and most of a fourth have to be as in these instructions, and no compiler writes them but when asked to, so nothing is decoded: a text that holds the bytes by chance has slower calls.</remarks>
internal static class GsUse
{
    private const byte RepeatPrefix = 0xf3;

    internal static bool In(ReadOnlyMemory<byte> text) => TextParts.Select(text.Length, (start, end) => In(text.Span, start, end)).Contains(true);

    private static bool In(ReadOnlySpan<byte> text, int start, int end)
    {
        ReadOnlySpan<byte> opcode = [0x0f, 0xae];
        while (text[start..Math.Min(text.Length, end + 1)].IndexOf(opcode) is >= 0 and var found)
        {
            var at = start + found;
            start = at + opcode.Length;
            if (start < text.Length && IsOfGs(text[start]) && IsPrefixed(text[..at]))
                return true;
        }
        return false;
    }

    /// <summary>ModRM: a register, and /1 for reading or /3 for writing.</summary>
    private static bool IsOfGs(byte modRm) => (modRm & 0xe8) == 0xc8;

    /// <summary>F3, and perhaps REX.</summary>
    private static bool IsPrefixed(ReadOnlySpan<byte> before) =>
        before.EndsWith([RepeatPrefix]) || (before.Length > 1 && (before[^1] & 0xf0) == 0x40 && before[^2] == RepeatPrefix);
}
