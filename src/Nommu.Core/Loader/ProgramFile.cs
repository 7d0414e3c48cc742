using Nommu.Core.Loader.Elf;
using Nommu.Core.Memory;
using Nommu.Core.Rewriter;

namespace Nommu.Core.Loader;

/// <summary>What the kernel keeps of an ELF file once it has been read: its headers and its rewritten text. Linux keeps it in the page cache. Counted: its pages are given back with the last user.</summary>
internal sealed class ProgramFile
{
    private readonly ProgramTexts _texts;
    private readonly FileIdentity _identity;
    private readonly RewrittenSegment[] _segments;
    private int _references = 1;

    internal ProgramFile(ProgramTexts texts, in FileIdentity identity, ProgramContents contents, ElfImage image, RewrittenImage rewritten)
    {
        (_texts, _identity, Image) = (texts, identity, image.WithoutContents());
        Coverage = [.. rewritten.Texts.Select(text => text.Coverage)];
        var segments = new List<RewrittenSegment>();
        var stubsAt = Arena.PageUp(image.HighAddress);
        foreach (var header in image.ProgramHeaders)
        {
            if (!HoldsText(header))
                continue;
            var segment = RewrittenSegment.Make(this, contents, header, rewritten.Texts[segments.Count], stubsAt);
            segments.Add(segment);
            stubsAt += segment.StubLength;
        }
        _segments = [.. segments];
        StubLength = stubsAt - Arena.PageUp(image.HighAddress);
        foreach (var segment in _segments)
            Weight += segment.Weight;
    }

    /// <summary>The headers, without the file's bytes.</summary>
    internal ElfImage Image { get; }

    internal FileIdentity Identity => _identity;

    /// <summary>Where it was found when it was read.</summary>
    internal required string Path { get; init; }

    /// <summary>What became of its system calls, by executable segment.</summary>
    internal IReadOnlyList<RewritingCoverage> Coverage { get; }

    /// <summary>In the order of the headers for which <see cref="HoldsText"/> holds.</summary>
    internal ReadOnlySpan<RewrittenSegment> Segments => _segments;

    /// <summary>Bytes behind the program that its stubs take, whole pages.</summary>
    internal ulong StubLength { get; }

    internal long Weight { get; }

    /// <summary>When it was last asked for, as the owner counts.</summary>
    internal long LastUse { get; set; }

    /// <summary>As <see cref="ExecutableText.FromImage"/> chooses.</summary>
    internal static bool HoldsText(in ElfProgramHeader header) => header.Type == ElfSegmentType.PT_LOAD && header.IsExecutable && header.FileSize != 0;

    internal void RememberTrappedSite(ulong address) => _texts.RememberTrappedSite(_identity, address);

    /// <summary>For who has known it, and may come too late.</summary>
    /// <returns>False where its pages have gone.</returns>
    internal bool TryRetain()
    {
        int old;
        do
        {
            old = Volatile.Read(ref _references);
            if (old == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _references, old + 1, old) != old);
        return true;
    }

    internal ProgramFile Retain()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        foreach (var segment in _segments)
            segment.Dispose();
    }
}
