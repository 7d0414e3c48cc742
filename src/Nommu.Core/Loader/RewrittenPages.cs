using Nommu.Core.Host;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Loader;

/// <summary>Writes rewritten text into pages of the host.</summary>
internal static class RewrittenPages
{
    /// <summary>So many mappings more in a process are no burden; a text that would take more is copied as a whole.</summary>
    private const int MostPieces = 64;

    /// <summary>All pages of a segment.</summary>
    internal static List<TextPiece> Whole(ulong length) => [new TextPiece(0, length, 0)];

    /// <summary>The pages of a segment that patches change; null where they are too many pieces.</summary>
    /// <param name="text">What changes; null for nothing.</param>
    /// <param name="skew">Where the text begins in its first page.</param>
    internal static List<TextPiece>? Differing(RewrittenText? text, int skew)
    {
        var pieces = new List<TextPiece>();
        foreach (var patch in text?.Patches ?? [])
        {
            var start = Arena.PageDown((ulong)(skew + patch.Offset));
            var end = Arena.PageUp((ulong)(skew + patch.Offset + patch.Original.Length));
            if (pieces.Count > 0 && pieces[^1].End >= start)
                pieces[^1] = pieces[^1] with { Length = Math.Max(end, pieces[^1].End) - pieces[^1].Start };
            else if (pieces.Count == MostPieces)
                return null;
            else
                pieces.Add(new TextPiece(start, end - start, pieces.Count == 0 ? 0 : pieces[^1].Offset + (long)pieces[^1].Length));
            if (pieces.Count > 1)
                pieces[^1] = pieces[^1] with { Offset = pieces[^2].Offset + (long)pieces[^2].Length };
        }
        return pieces;
    }

    /// <summary>Writes pieces of a segment and its stubs.</summary>
    /// <param name="segment">The segment's pages as the file has them.</param>
    /// <param name="pieces">Which of them.</param>
    /// <param name="stubLength">Room for the stubs.</param>
    /// <param name="text">What changes in the pieces; null for nothing.</param>
    /// <param name="skew">Where the text begins in the segment's pages.</param>
    /// <param name="distance">From the segment's first page to the stubs' first page; the jumps reach.</param>
    internal static TextPages Write(ReadOnlySpan<byte> segment, IReadOnlyList<TextPiece> pieces, ulong stubLength, RewrittenText? text, int skew, long distance)
    {
        var stubsOffset = pieces.Count == 0 ? 0 : pieces[^1].Offset + (long)pieces[^1].Length;
        var pages = new TextPages(Allocate(stubsOffset + (long)stubLength), pieces, stubsOffset);
        foreach (var piece in pieces)
        {
            var bytes = segment[(int)piece.Start..(int)Math.Min(piece.End, (ulong)segment.Length)];
            bytes.CopyTo(pages.File.Span(piece.Offset, bytes.Length));
        }
        if (text is not null)
            Patch(pages, stubLength, text, skew, distance);
        return pages;
    }

    /// <summary>The same pages for another distance.</summary>
    /// <returns>Null where the jumps would not reach.</returns>
    internal static TextPages? Rewrite(TextPages old, ulong stubLength, RewrittenText text, int skew, long distance)
    {
        if (!text.Reaches(distance - skew))
            return null;
        var pages = old with { File = Allocate(old.File.Size) };
        foreach (var piece in old.Pieces)
            old.File.Span(piece.Offset, (int)piece.Length).CopyTo(pages.File.Span(piece.Offset, (int)piece.Length));
        Patch(pages, stubLength, text, skew, distance);
        return pages;
    }

    private static HostMemoryFile Allocate(long size) => new(Math.Max(size, (long)Arena.PageSize));

    private static void Patch(TextPages pages, ulong stubLength, RewrittenText text, int skew, long distance)
    {
        text.WriteStubs(pages.File.Span(pages.StubsOffset, (int)stubLength), distance - skew);
        var at = 0;
        foreach (var patch in text.Patches)
        {
            var start = (ulong)(skew + patch.Offset);
            while (pages.Pieces[at].End <= start)
                at++;
            var piece = pages.Pieces[at];
            text.WritePatch(patch, pages.File.Span(piece.Offset + (long)(start - piece.Start), patch.Replacement.Length), distance - skew);
        }
    }
}
