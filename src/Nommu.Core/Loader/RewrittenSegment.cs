using Nommu.Core.Host;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Loader;

/// <summary>A segment of a <see cref="ProgramFile"/>: what the rewriter made of it, written into pages of the host for one distance of the stubs.</summary>
internal sealed class RewrittenSegment : TextSegment
{
    private readonly ProgramFile _file;
    private readonly RewrittenText _text;
    private readonly HostMemoryFile _pages;
    private readonly int _skew;

    private RewrittenSegment(ProgramFile file, RewrittenText text, HostMemoryFile pages, int skew) => (_file, _text, _pages, _skew) = (file, text, pages, skew);

    /// <summary>Writes the pages of a segment.</summary>
    /// <param name="file">What it belongs to.</param>
    /// <param name="contents">The whole file.</param>
    /// <param name="header">An executable PT_LOAD with contents.</param>
    /// <param name="text">What the rewriter made of it.</param>
    /// <param name="stubsAt">Where the stubs go where all goes well: an address as the file says it.</param>
    internal static RewrittenSegment Make(ProgramFile file, ReadOnlySpan<byte> contents, in ElfProgramHeader header, RewrittenText text, ulong stubsAt)
    {
        var offset = Arena.PageDown(header.Offset);
        var length = Arena.PageUp(header.Offset + header.FileSize) - offset;
        var distance = stubsAt - Arena.PageDown(header.VirtualAddress);
        var stubLength = Arena.PageUp((ulong)text.Stubs.Length);
        var skew = (int)(header.Offset - offset);
        var bytes = contents.Slice((int)offset, (int)Math.Min(length, (ulong)contents.Length - offset));
        var pages = Write(bytes, length, stubLength, text, skew, (long)distance);
        if (pages is null)
            (stubLength, pages) = (0, Write(bytes, length, 0, null, skew, 0)!); // it does not reach: the text as it is, which traps
        return new RewrittenSegment(file, text, pages, skew)
        {
            FileOffset = (long)offset,
            Length = length,
            StubLength = stubLength,
            StubDistance = distance,
            UsesVectorExtensions = text.HasVectorExtensions,
            Coverage = Counts(text.Coverage),
        };
    }

    /// <summary>Bytes of the host's memory that are kept.</summary>
    internal long Weight => _pages.Size;

    internal override HostMemoryFile? PagesFor(long distance, out bool isOwn)
    {
        isOwn = false;
        if (StubLength == 0 || distance == (long)StubDistance)
            return _pages;
        isOwn = true;
        var original = _pages.Span(0, (int)Length).ToArray();
        foreach (var patch in _text.Patches)
            patch.Original.Span.CopyTo(original.AsSpan(_skew + patch.Offset));
        return Write(original, Length, StubLength, _text, _skew, distance);
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

    internal override void RememberTrappedSite(ulong textOffset)
    {
        if (StubLength != 0 || _text.Patches.Count == 0)
            _file.RememberTrappedSite(_text.TextAddress + textOffset - (ulong)_skew);
    }

    internal override void Release() => _file.Release();

    internal void Dispose() => _pages.Dispose();

    private static TextCoverage Counts(RewritingCoverage coverage)
    {
        var (zpoline, trapped) = (coverage.Count(SiteRung.Zpoline), coverage.Count(SiteRung.Trap));
        return new(coverage.Sites.Count, coverage.Sites.Count - zpoline - trapped, zpoline, trapped);
    }

    private static HostMemoryFile? Write(ReadOnlySpan<byte> bytes, ulong length, ulong stubLength, RewrittenText? text, int skew, long distance)
    {
        var pages = new HostMemoryFile((long)(length + stubLength));
        bytes.CopyTo(pages.Span(0, bytes.Length));
        if (text is null || text.Patches.Count == 0)
            return pages;
        // Any base does: what is written depends on the distance alone.
        const ulong Base = 1UL << 46;
        if (text.Apply(pages.Span(skew, text.TextLength), Base + (ulong)skew, pages.Span((long)length, (int)stubLength), Base + (ulong)distance))
            return pages;
        pages.Dispose();
        return null;
    }
}
