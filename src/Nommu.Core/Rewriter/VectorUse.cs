
namespace Nommu.Core.Rewriter;

/// <summary>Tells whether a text may hold an instruction with vector registers wider than 128 bits, or mask registers.</summary>
internal static class VectorUse
{
    internal static bool MayUse(ReadOnlySpan<byte> text) => text.IndexOfAny((byte)0xc4, (byte)0xc5, (byte)0x62) >= 0;
}
