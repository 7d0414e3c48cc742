using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>
/// What a program's memory was before it ran. Where the program ends and has left its mappings as they were, they stay in place for its next execution: the text is right still, and of the rest only what may have been written
/// to is put back. Linux has no counterpart; with an MMU of one's own a mapping costs less than a look at one that is there.
/// </summary>
internal sealed class ParkedImage
{
    /// <summary>Its areas, in their order.</summary>
    internal required IReadOnlyList<ParkedArea> Areas { get; init; }

    /// <summary>The code that text jumps to: where, of which text.</summary>
    internal required IReadOnlyList<(ulong Start, ulong TextStart, TextSegment Segment)> Stubs { get; init; }

    internal required MemoryLayout Layout { get; init; }

    internal required ulong BrkStart { get; init; }

    internal required ulong BrkEnd { get; init; }

    internal required bool UsesVectorExtensions { get; init; }

    /// <summary>What has another protection than at first, and is to get it back.</summary>
    internal List<(ulong Start, ulong End, MapProtection Protection)> Reprotected { get; } = [];

    /// <summary>The lower part of its stack has nothing behind it.</summary>
    internal bool HasClosedStack { get; set; }

    /// <summary>Who keeps it while it is parked.</summary>
    internal required IImageKeeper Keeper { get; init; }

    /// <summary>Pages that may have been written to.</summary>
    internal long WritablePages { get; init; }

    /// <summary>The area that holds an address.</summary>
    internal ParkedArea? Find(ulong address)
    {
        foreach (var area in Areas)
        {
            if (address >= area.Start && address < area.End)
                return area;
        }
        return null;
    }

    /// <summary>Nobody executes it any more.</summary>
    internal void Discard(Arena arena)
    {
        foreach (var area in Areas)
            arena.Discard(area.Start, area.End - area.Start);
        foreach (var (start, _, segment) in Stubs)
            arena.Discard(start, segment.StubLength);
        if (BrkStart < BrkEnd)
            arena.Discard(BrkStart, BrkEnd - BrkStart);
    }
}

/// <summary>An area of a parked image.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind it.</param>
/// <param name="Protection">At first.</param>
/// <param name="Flags">At first.</param>
/// <param name="Backing">What the host has there.</param>
/// <param name="Offset">In the file.</param>
/// <param name="Name">Where there is no file.</param>
internal sealed record ParkedArea(ulong Start, ulong End, MapProtection Protection, VmFlags Flags, VmBacking Backing, ulong Offset, string? Name)
{
    /// <summary>Whose pages it shows.</summary>
    internal ImageFile File { get; init; }

    internal TextSegment? Text { get; init; }

    /// <summary>Its stubs in <see cref="ParkedImage.Stubs"/>; -1 for none.</summary>
    internal int Stubs { get; init; } = -1;

    /// <summary>What it held at first, where that is neither zero nor unchangeable.</summary>
    internal byte[]? Contents { get; init; }

    internal bool IsWritable => (Protection & MapProtection.PROT_WRITE) != 0;
}

/// <summary>A file of an image.</summary>
internal enum ImageFile
{
    None,
    Program,
    Interpreter,
}

/// <summary>Keeps images that nobody executes.</summary>
internal interface IImageKeeper
{
    /// <summary>Takes an image over; its addresses stay taken.</summary>
    void Keep(ParkedImage image);
}
