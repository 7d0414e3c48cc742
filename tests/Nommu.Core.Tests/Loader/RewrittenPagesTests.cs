using Nommu.Core.Loader;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;
using Nommu.Core.Tests.Guest;

namespace Nommu.Core.Tests.Loader;

/// <summary>Pages that differ from the file's, laid over those of the file, are the same as all pages written anew.</summary>
public class RewrittenPagesTests
{
    private const long Distance = 0x200000;

    private const int Skew = 0x340; // the text begins inside of a page

    private readonly byte[] _segment;
    private readonly RewrittenText _text;
    private readonly ulong _length;
    private readonly ulong _stubLength;

    public RewrittenPagesTests()
    {
        Assert.That(ElfImage.Parse(File.ReadAllBytes(Path.Combine(GuestPaths.Cache, "musl/lib/libc.so"))).TryGet(out var image), Is.True);
        var text = ExecutableText.FromImage(image!)[0];
        _text = new DetourStrategy().Rewrite(text);
        _segment = [.. new byte[Skew], .. text.Bytes.Span];
        _length = Arena.PageUp((ulong)_segment.Length);
        _stubLength = Arena.PageUp((ulong)_text.Stubs.Length);
    }

    [TestCase(Distance)]
    [TestCase(Distance + 0x5000)]
    [TestCase(-Distance)]
    public void DifferingPagesOverTheFilesAreAll(long distance)
    {
        var pieces = FewSites();
        using var whole = RewrittenPages.Write(_segment, RewrittenPages.Whole(_length), _stubLength, _text, Skew, distance);
        using var some = RewrittenPages.Write(_segment, pieces, _stubLength, _text, Skew, distance);
        using var other = RewrittenPages.Write(_segment, pieces, _stubLength, _text, Skew, Distance);
        using var again = RewrittenPages.Rewrite(other, _stubLength, _text, Skew, distance)!;
        Assert.That(Over(some), Is.EqualTo(whole.File.Span(0, (int)_length).ToArray()));
        Assert.That(Over(again), Is.EqualTo(whole.File.Span(0, (int)_length).ToArray()));
        Assert.That(Stubs(some), Is.EqualTo(Stubs(whole)));
        Assert.That(Stubs(again), Is.EqualTo(Stubs(whole)));
    }

    [Test]
    public void WhatDoesNotReachIsNotWritten()
    {
        using var pages = RewrittenPages.Write(_segment, RewrittenPages.Whole(_length), _stubLength, _text, Skew, Distance);
        Assert.That(RewrittenPages.Rewrite(pages, _stubLength, _text, Skew, 1L << 33), Is.Null);
    }

    [Test]
    public void PiecesAreWholePagesApartFromEachOther()
    {
        var pieces = FewSites();
        Assert.That(pieces, Has.Count.GreaterThan(1));
        foreach (var patch in _text.Patches)
            Assert.That(pieces.Count(piece => piece.Start <= (ulong)(Skew + patch.Offset) && (ulong)(Skew + patch.Offset + patch.Original.Length) <= piece.End), Is.EqualTo(1));
        for (var i = 1; i < pieces.Count; i++)
        {
            Assert.That(pieces[i].Start, Is.GreaterThan(pieces[i - 1].End));
            Assert.That(pieces[i].Offset, Is.EqualTo(pieces[i - 1].Offset + (long)pieces[i - 1].Length));
        }
    }

    private List<TextPiece> FewSites() => RewrittenPages.Differing(_text, Skew) ?? throw new InvalidOperationException("musl has become larger");

    private byte[] Over(TextPages pages)
    {
        var bytes = new byte[_length];
        _segment.CopyTo(bytes, 0);
        foreach (var piece in pages.Pieces)
            pages.File.Span(piece.Offset, (int)piece.Length).CopyTo(bytes.AsSpan((int)piece.Start));
        return bytes;
    }

    private byte[] Stubs(TextPages pages) => pages.File.Span(pages.StubsOffset, (int)_stubLength).ToArray();
}
