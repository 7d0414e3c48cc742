using System.Buffers.Binary;

namespace Nommu.Core.Rewriter;

/// <summary>
/// What rewriting made of one executable segment: patches, stubs and the table between them. Position independent and immutable, so one serves every process that maps the file, at any address.
/// </summary>
public sealed class RewrittenText
{
    private readonly int[] _fixups;
    private readonly long _lowestField;
    private readonly long _highestField;

    internal RewrittenText(
        ExecutableText text, IReadOnlyList<SitePatch> patches, ReadOnlyMemory<byte> stubs, int nominalDistance, IReadOnlyList<int> fixups, SiteTable table, RewritingCoverage coverage)
    {
        (TextAddress, TextLength, Patches, Stubs, NominalDistance, Table, Coverage) = (text.Address, text.Bytes.Length, patches, stubs, nominalDistance, table, coverage);
        HasVectorExtensions = VectorUse.MayUse(text.Bytes);
        _fixups = [.. fixups];
        foreach (var fixup in _fixups)
        {
            long field = BinaryPrimitives.ReadInt32LittleEndian(stubs.Span[fixup..]);
            (_lowestField, _highestField) = (Math.Min(_lowestField, -field), Math.Max(_highestField, -field));
        }
        foreach (var patch in patches)
        {
            if (!patch.IsJump)
                continue;
            long field = BinaryPrimitives.ReadInt32LittleEndian(patch.Replacement.Span[1..]);
            (_lowestField, _highestField) = (Math.Min(_lowestField, field), Math.Max(_highestField, field));
        }
    }

    /// <summary>The text's address as the file says it.</summary>
    public ulong TextAddress { get; }

    /// <summary>The text's length in bytes.</summary>
    public int TextLength { get; }

    /// <summary>What changes in the text, ascending, disjoint.</summary>
    public IReadOnlyList<SitePatch> Patches { get; }

    /// <summary>The stubs, with displacements that hold at <see cref="NominalDistance"/>.</summary>
    public ReadOnlyMemory<byte> Stubs { get; }

    /// <summary>The distance from the text's first byte to the stubs' first byte for which all displacements hold as they are.</summary>
    public int NominalDistance { get; }

    /// <summary>From stubs to the original text and back.</summary>
    public SiteTable Table { get; }

    /// <summary>What was found, and what became of it.</summary>
    public RewritingCoverage Coverage { get; }

    /// <summary>False only when the text certainly holds no VEX or EVEX instruction with registers wider than 128 bits; then 16 xmm registers are all the vector state it can have.</summary>
    public bool HasVectorExtensions { get; }

    internal bool UsesGs => Coverage.UsesGs;

    /// <summary>Whether <c>call *%rax</c> stands in the place of a <c>syscall</c> at an offset of the text.</summary>
    internal bool IsZpolineSite(int offset)
    {
        var (low, high) = (0, Patches.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (Patches[middle].Offset == offset)
                return ZpolineStrategy.IsCall(Patches[middle]);
            (low, high) = Patches[middle].Offset < offset ? (middle + 1, high) : (low, middle - 1);
        }
        return false;
    }

    /// <summary>A product that changes nothing and has looked at nothing: every call traps.</summary>
    /// <param name="text">The text.</param>
    public static RewrittenText Unchanged(ExecutableText text) => new(text, [], default, 0, [], new SiteTable([], 0), new RewritingCoverage([], SiteScan.WithoutCalls(text.Bytes)));

    /// <summary>Writes the product for one placement. The text must not be running.</summary>
    /// <param name="text">The text as in the file; <see cref="TextLength"/> bytes.</param>
    /// <param name="textAddress">Where its first byte will be executed.</param>
    /// <param name="stubs">Room for the stubs.</param>
    /// <param name="stubsAddress">Where the first of them will be executed.</param>
    /// <returns>False, with nothing written, where a displacement would not reach, room is short, or the text is not the one this was made from.</returns>
    public bool Apply(Span<byte> text, ulong textAddress, Span<byte> stubs, ulong stubsAddress)
    {
        var distance = unchecked((long)(stubsAddress - textAddress));
        if (text.Length < TextLength || stubs.Length < Stubs.Length || !Reaches(distance))
            return false;
        foreach (var patch in Patches)
        {
            if (!text.Slice(patch.Offset, patch.Original.Length).SequenceEqual(patch.Original.Span))
                return false;
        }
        WriteStubs(stubs, distance);
        foreach (var patch in Patches)
            WritePatch(patch, text[patch.Offset..], distance);
        return true;
    }

    /// <summary>Whether all displacements do for a distance from the text's first byte to the stubs' first byte.</summary>
    internal bool Reaches(long distance) => IsReachable(distance - NominalDistance);

    /// <summary>Writes the stubs for a distance that <see cref="Reaches"/>.</summary>
    internal void WriteStubs(Span<byte> stubs, long distance)
    {
        Stubs.Span.CopyTo(stubs);
        foreach (var fixup in _fixups)
            Shift(stubs[fixup..], NominalDistance - distance);
    }

    /// <summary>Writes one of <see cref="Patches"/> for such a distance.</summary>
    internal void WritePatch(SitePatch patch, Span<byte> at, long distance)
    {
        patch.Replacement.Span.CopyTo(at);
        if (patch.IsJump)
            Shift(at[1..], distance - NominalDistance);
    }

    // Fields of stubs shrink where those of patches grow, so both were put on one scale.
    private bool IsReachable(long shift) =>
        Math.Abs(shift) <= uint.MaxValue && _lowestField + shift > int.MinValue && _highestField + shift < int.MaxValue;

    private static void Shift(Span<byte> field, long shift) =>
        BinaryPrimitives.WriteInt32LittleEndian(field, (int)(BinaryPrimitives.ReadInt32LittleEndian(field) + shift));
}
