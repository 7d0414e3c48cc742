namespace Nommu.Core.Memory.Families;

/// <summary>What one member of a family has of a memory that it shares addresses of with others.</summary>
internal sealed class FamilyPart(AddressSpace space, FamilyMemory memory)
{
    internal AddressSpace Space => space;

    internal FamilyMemory Memory => memory;

    /// <summary>Its own pages while they are out of place, by address.</summary>
    internal Dictionary<ulong, StoredPage> Pages { get; } = [];

    /// <summary>Long runs of them, moved elsewhere as they are.</summary>
    internal List<MovedPages> Moved { get; } = [];

    /// <summary>Where a page is that has been moved; 0 where it has not.</summary>
    internal ulong PlaceOf(ulong address)
    {
        foreach (var moved in Moved)
        {
            if (address - moved.Start < moved.Length)
                return moved.Place + (address - moved.Start);
        }
        return 0;
    }
}

/// <summary>Pages of a member that are out of place as a whole.</summary>
/// <param name="Start">Where they belong.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Place">Where they are.</param>
internal readonly record struct MovedPages(ulong Start, ulong Length, ulong Place);
