namespace Nommu.Core.Memory.Families;

/// <summary>What one member of a family has of a memory that it shares addresses of with others.</summary>
internal sealed class FamilyPart(AddressSpace space, FamilyMemory memory)
{
    internal AddressSpace Space => space;

    internal FamilyMemory Memory => memory;

    /// <summary>Its own pages while they are out of place, by address.</summary>
    internal Dictionary<ulong, StoredPage> Pages { get; } = [];
}
