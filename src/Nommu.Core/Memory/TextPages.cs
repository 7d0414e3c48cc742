using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>What of a segment lies in a memory file of the host: rewritten pages, all of them or only those that differ from the guest's file, and behind them the stubs.</summary>
/// <param name="File">The host's file.</param>
/// <param name="Pieces">Where the pages are, in the order of the segment, whole pages.</param>
/// <param name="StubsOffset">Where in the file the stubs begin.</param>
internal sealed record TextPages(HostMemoryFile File, IReadOnlyList<TextPiece> Pieces, long StubsOffset) : IDisposable
{
    public void Dispose() => File.Dispose();
}

/// <summary>Pages of a segment that lie together.</summary>
/// <param name="Start">Where they begin in the segment.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Offset">Where they begin in the host's file.</param>
internal readonly record struct TextPiece(ulong Start, ulong Length, long Offset)
{
    internal ulong End => Start + Length;
}
