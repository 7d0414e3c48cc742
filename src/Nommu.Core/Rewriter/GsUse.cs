namespace Nommu.Core.Rewriter;

/// <summary>Tells the instructions that read or set GS (RDGSBASE and WRGSBASE, Intel SDM vol. 2). A process with such a text gets GS for itself before it runs.</summary>
/// <remarks>Three bytes and most of a fourth have to be as in these instructions, and no compiler writes them but when asked to, so nothing is decoded: a text that holds the bytes by chance has slower calls.</remarks>
internal static class GsUse
{
    private const byte RepeatPrefix = 0xf3;

    /// <summary>Whether 0f ae at an offset belongs to one: F3 before it, perhaps with REX between; and a register behind it, with /1 for reading or /3 for writing.</summary>
    internal static bool IsAt(ReadOnlySpan<byte> text, int at)
    {
        if (at + 2 >= text.Length || (text[at + 2] & 0xe8) != 0xc8)
            return false;
        var before = text[..at];
        return before.EndsWith([RepeatPrefix]) || (before.Length > 1 && (before[^1] & 0xf0) == 0x40 && before[^2] == RepeatPrefix);
    }
}
