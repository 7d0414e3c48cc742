using Nommu.Core.Memory.Families;

namespace Nommu.Core.Memory;

/// <summary>Fixed addresses that several programs have in turn, as relatives have theirs (<see cref="Families.Family"/>), though nothing of what is there is common.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Whether it has any.</summary>
    internal bool HasFixed
    {
        get
        {
            lock (_lock)
                return _areas.Count > 0 && _areas[0].Start < Arena.Start;
        }
    }

    /// <summary>Whether the fixed addresses are its own as well as others'.</summary>
    internal bool IsInFixed(ulong start, ulong length) => Arena.Fixed.Contains(start, length) && IsInherited(start);

    /// <summary>Makes the fixed addresses a newcomer's too: the member that has them now is its relative from now on. Nobody else runs in the family.</summary>
    /// <param name="newcomer">Empty memory.</param>
    internal void ShareFixed(AddressSpace newcomer)
    {
        lock (_lock)
        {
            var family = _family!;
            lock (family.Lock)
            {
                if (PartAt(_areas[0].Start) is null)
                    AddNewMemory(family, FixedAddresses.Start, Arena.Fixed.End);
                var memory = PartAt(_areas[0].Start)!.Memory;
                Arena.TakeAllFixed();
                memory.Ranges.Add(FixedAddresses.Start, Arena.Fixed.End);
                memory.Withhold(FixedAddresses.Start, Arena.Fixed.End);
                var part = new FamilyPart(newcomer, memory);
                memory.Parts.Add(part);
                newcomer._parts.Add(part);
                newcomer._family = family;
                family.Add();
            }
        }
    }
}
