using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>Where an address space gets rewritten program text from.</summary>
internal interface ITextSource
{
    /// <summary>The text that lies in a piece of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">In the file, page aligned.</param>
    /// <param name="length">Whole pages.</param>
    /// <returns>The first segment that has pages there, held for the caller; null where nothing is known to be program text.</returns>
    TextSegment? Find(FileDescription file, long offset, ulong length);
}

/// <summary>
/// The whole pages of one executable segment of a file, rewritten, and their stubs. Position independent, so every process maps the same pages
/// (privately, so that one that writes to its text has its own). Of a large program only the pages that differ are kept, and the others are those of the file.
/// </summary>
internal abstract class TextSegment
{
    /// <summary>Where its pages begin in the file.</summary>
    internal required long FileOffset { get; init; }

    /// <summary>Where its pages begin as the file says it.</summary>
    internal required ulong Address { get; init; }

    /// <summary>Length of its pages.</summary>
    internal required ulong Length { get; init; }

    /// <summary>Length of the stubs' pages; 0 where nothing was rewritten.</summary>
    internal required ulong StubLength { get; init; }

    /// <summary>How far the stubs' first page lies behind the text's first page where all processes share the pages; at any other distance a copy is made.</summary>
    internal required ulong StubDistance { get; init; }

    /// <summary>Pages that no piece of <see cref="PagesFor"/> holds are the file's own (<see cref="IMappable"/>).</summary>
    internal required bool SharesFile { get; init; }

    /// <summary>It must not be mapped rewritten, nor any other with it (<see cref="AddressSpace.TakeGs"/>).</summary>
    internal required bool UsesGs { get; init; }

    internal required bool UsesVectorExtensions { get; init; }

    internal required TextCoverage Coverage { get; init; }

    internal long FileEnd => FileOffset + (long)Length;

    internal bool Covers(long offset, ulong length) => offset >= FileOffset && offset + (long)length <= FileEnd;

    /// <summary>The pages for a distance of the stubs.</summary>
    /// <param name="distance">From the text's first page to the stubs' first page.</param>
    /// <param name="isOwn">True where they belong to the caller, who disposes of them once they are mapped.</param>
    /// <returns>Null where a jump would not reach.</returns>
    internal abstract TextPages? PagesFor(long distance, out bool isOwn);

    /// <summary>From an offset in the stubs' pages to one in the text's pages.</summary>
    internal abstract bool TryTranslateToOriginal(ulong stubOffset, out ulong textOffset);

    /// <summary>From an offset in the text's pages to one in the stubs' pages.</summary>
    internal abstract bool TryTranslateToStub(ulong textOffset, out ulong stubOffset);

    /// <summary>Whether a <c>call *%rax</c> stands in the place of a <c>syscall</c> at an offset of the text's pages.</summary>
    internal abstract bool IsZpolineSite(ulong textOffset);

    /// <summary>Puts the file's own bytes back wherever a piece of the segment's pages still holds what was put there instead.</summary>
    /// <param name="textOffset">Where the piece begins in the text's pages.</param>
    /// <param name="piece">The piece.</param>
    internal abstract void Restore(ulong textOffset, Span<byte> piece);

    /// <summary>A <c>syscall</c> at an offset of the text's pages was executed in its place.</summary>
    internal abstract void RememberTrappedSite(ulong textOffset);

    /// <summary>Keeps the pages for one more: whoever has mapped them may have to map them again. Only for who knows that they are there.</summary>
    /// <returns>The segment.</returns>
    internal abstract TextSegment Retain();

    /// <summary>Ends what <see cref="ITextSource.Find"/> or <see cref="Retain"/> began: the pages may go. Translations stay.</summary>
    internal abstract void Release();
}

/// <summary>How the system calls of a segment enter the kernel.</summary>
/// <param name="Sites">How many there are.</param>
/// <param name="Detoured">By a jump to a stub.</param>
/// <param name="Zpoline">By a call of page zero.</param>
/// <param name="Trapped">As they are, by a signal.</param>
internal readonly record struct TextCoverage(int Sites, int Detoured, int Zpoline, int Trapped);

/// <summary>The code that the jumps in one mapping of a segment go to. It lies near the text and belongs to it; /proc/PID/maps does not show it. Guarded by the address space's lock.</summary>
internal sealed class TextStubs(AddressSpace space, ulong start, ulong textStart, TextSegment segment)
{
    private int _references = 1;

    internal ulong Start => start;

    internal ulong Length => segment.StubLength;

    /// <summary>Where the segment's first page lies, or would lie.</summary>
    internal ulong TextStart => textStart;

    internal TextSegment Segment => segment;

    internal TextStubs Retain()
    {
        _references++;
        return this;
    }

    internal void Release()
    {
        if (--_references == 0)
            space.Forget(this);
    }
}
