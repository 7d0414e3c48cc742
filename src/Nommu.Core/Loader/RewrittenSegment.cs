using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Loader;

/// <summary>A segment of a <see cref="ProgramFile"/>: what the rewriter made of it, written into pages of the host for one distance of the stubs.</summary>
internal sealed class RewrittenSegment : TextSegment
{
    private readonly ProgramFile _file;
    private readonly RewrittenText _text;
    private readonly TextPages _pages;
    private readonly int _skew;

    private RewrittenSegment(ProgramFile file, RewrittenText text, TextPages pages, int skew) => (_file, _text, _pages, _skew) = (file, text, pages, skew);

    /// <summary>Writes the pages of a segment.</summary>
    /// <param name="file">What it belongs to.</param>
    /// <param name="contents">The whole file, and whether its pages can be mapped.</param>
    /// <param name="header">An executable PT_LOAD with contents.</param>
    /// <param name="text">What the rewriter made of it.</param>
    /// <param name="stubsAt">Where the stubs go where all goes well: an address as the file says it.</param>
    internal static RewrittenSegment Make(ProgramFile file, ProgramContents contents, in ElfProgramHeader header, RewrittenText text, ulong stubsAt)
    {
        var offset = Arena.PageDown(header.Offset);
        var length = Arena.PageUp(header.Offset + header.FileSize) - offset;
        var distance = stubsAt - Arena.PageDown(header.VirtualAddress);
        var stubLength = Arena.PageUp((ulong)text.Stubs.Length);
        var skew = (int)(header.Offset - offset);
        var bytes = contents.Bytes.Span;
        bytes = bytes.Slice((int)offset, (int)Math.Min(length, (ulong)bytes.Length - offset));
        // Where the jumps do not reach, the text stays as it is, and traps.
        var patched = text.Patches.Count > 0 && text.Reaches((long)distance - skew) ? text : null;
        if (patched is null)
            stubLength = 0;
        var pieces = contents.AreFilePages ? RewrittenPages.Differing(patched, skew) : null;
        var sharesFile = pieces is not null;
        var pages = RewrittenPages.Write(bytes, pieces ?? RewrittenPages.Whole(length), stubLength, patched, skew, (long)distance);
        return new RewrittenSegment(file, text, pages, skew)
        {
            Address = Arena.PageDown(header.VirtualAddress),
            FileOffset = (long)offset,
            Length = length,
            StubLength = stubLength,
            StubDistance = distance,
            SharesFile = sharesFile,
            UsesGs = text.UsesGs,
            UsesVectorExtensions = text.HasVectorExtensions,
            Coverage = Counts(text.Coverage),
        };
    }

    /// <summary>Bytes of the host's memory that are kept.</summary>
    internal long Weight => _pages.File.Size;

    internal override TextPages? PagesFor(long distance, out bool isOwn)
    {
        isOwn = StubLength != 0 && distance != (long)StubDistance;
        return isOwn ? RewrittenPages.Rewrite(_pages, StubLength, _text, _skew, distance) : _pages;
    }

    internal override bool TryTranslateToOriginal(ulong stubOffset, out ulong textOffset)
    {
        var found = _text.Table.TryTranslateToOriginal(stubOffset, out textOffset);
        textOffset += (ulong)_skew;
        return found;
    }

    internal override bool TryTranslateToStub(ulong textOffset, out ulong stubOffset)
    {
        stubOffset = 0;
        return textOffset >= (ulong)_skew && _text.Table.TryTranslateToStub(textOffset - (ulong)_skew, out stubOffset);
    }

    internal override bool IsZpolineSite(ulong textOffset) => textOffset >= (ulong)_skew && textOffset < Length && _text.IsZpolineSite((int)(textOffset - (ulong)_skew));

    internal override void Restore(ulong textOffset, Span<byte> piece)
    {
        foreach (var patch in _text.Patches)
        {
            var at = _skew + patch.Offset - (long)textOffset;
            if (at < 0 || at + patch.Original.Length > piece.Length)
                continue;
            // A jump's distance is another in each placement.
            var place = piece.Slice((int)at, patch.Original.Length);
            var (kept, end) = patch.IsJump ? (1, 5) : (patch.Original.Length, patch.Original.Length);
            if (place[..kept].SequenceEqual(patch.Replacement.Span[..kept]) && place[end..].SequenceEqual(patch.Replacement.Span[end..]))
                patch.Original.Span.CopyTo(place);
        }
    }

    internal override void RememberTrappedSite(ulong textOffset)
    {
        if (StubLength != 0 || _text.Patches.Count == 0)
            _file.RememberTrappedSite(_text.TextAddress + textOffset - (ulong)_skew);
    }

    internal override TextSegment Retain()
    {
        _ = _file.Retain();
        return this;
    }

    internal override void Release() => _file.Release();

    internal void Dispose() => _pages.Dispose();

    private static TextCoverage Counts(RewritingCoverage coverage)
    {
        var (zpoline, trapped) = (coverage.Count(SiteRung.Zpoline), coverage.Count(SiteRung.Trap));
        return new(coverage.Sites.Count, coverage.Sites.Count - zpoline - trapped, zpoline, trapped);
    }
}
