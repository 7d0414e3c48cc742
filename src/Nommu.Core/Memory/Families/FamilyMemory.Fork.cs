using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>Another member: a child that has all that the resident has.</summary>
internal sealed partial class FamilyMemory
{
    /// <summary>Beyond this many pages that were each one's own, copying them all costs more than finding out anew which are written to.</summary>
    private const ulong MostOwn = 256;

    /// <summary>An area up to this long is copied as a whole.</summary>
    private const ulong SmallArea = 16 * Arena.PageSize;

    /// <summary>So much of a stack above its end is likely to be written to.</summary>
    private const ulong StackEnd = 3 * Arena.PageSize;

    private readonly AddressRanges _toProtect = new();

    /// <summary>Adds a child of the resident, which alone runs. The child's areas are those of the resident, except what it does not inherit.</summary>
    /// <param name="child">The child's part.</param>
    /// <param name="areas">The resident's areas that are private and may hold something that is not their file's: where, and what they are allowed.</param>
    /// <param name="stackPointer">Where the resident's stack ends.</param>
    internal void Fork(FamilyPart child, List<AddressRange> areas, ulong stackPointer)
    {
        if (HasOneMember && _own.Pages > MostOwn)
            _own.Clear();
        foreach (var area in areas)
        {
            foreach (var range in Ranges.Within(area.Start, area.End))
                Share(range with { Access = area.Access }, child, stackPointer);
        }
        ProtectNew(child);
        Parts.Add(child);
    }

    /// <summary>The resident's areas that a child does not get, or gets empty.</summary>
    internal void Withhold(ulong start, ulong end)
    {
        TakeApart(start, end);
        foreach (var range in Ranges.Within(start, end))
            _apart.Add(range.Start, range.End);
    }

    private void Share(AddressRange area, FamilyPart child, ulong stackPointer)
    {
        foreach (var range in _apart.Within(area.Start, area.End))
            Readable(range with { Access = area.Access }, () => CopyTo(child, range));
        foreach (var range in _own.Within(area.Start, area.End))
            CopyTo(child, range);
        if ((area.Access & MapProtection.PROT_WRITE) == 0)
            return;
        foreach (var known in _apart.Outside(area.Start, area.End))
        {
            foreach (var notOwn in _own.Outside(known.Start, known.End))
            {
                foreach (var fresh in _common.Outside(notOwn.Start, notOwn.End))
                    ShareNew(fresh with { Access = area.Access }, area, child, stackPointer);
            }
        }
    }

    /// <summary>Pages that are the resident's alone. There are none where it has other relatives.</summary>
    private void ShareNew(AddressRange fresh, AddressRange area, FamilyPart child, ulong stackPointer)
    {
        var (start, end) = (fresh.Start, fresh.End);
        if (stackPointer >= area.Start && stackPointer < area.End)
            (start, end) = (Math.Max(start, Arena.PageDown(stackPointer) - Arena.PageSize), Math.Min(end, Arena.PageDown(stackPointer) + StackEnd));
        else if (area.Length > SmallArea)
            end = start;
        if (start >= end)
        {
            _toProtect.Add(fresh.Start, fresh.End, fresh.Access);
            return;
        }
        var hot = new AddressRange(start, end);
        CopyTo(child, hot);
        _own.Add(start, end);
        if (fresh.Start < start)
            _toProtect.Add(fresh.Start, start, fresh.Access);
        if (end < fresh.End)
            _toProtect.Add(end, fresh.End, fresh.Access);
    }

    private void CopyTo(FamilyPart child, AddressRange range)
    {
        for (var page = range.Start; page < range.End; page += Arena.PageSize)
            child.Pages[page] = store.CopyOf(page);
    }

    private void ProtectNew(FamilyPart child)
    {
        for (var i = 0; i < _toProtect.Count; i++)
        {
            var range = _toProtect[i];
            if (HostMemory.Protect(range.Start, range.Length, range.Access & ~MapProtection.PROT_WRITE) == Errno.None)
            {
                _common.Add(range.Start, range.End, range.Access);
                continue;
            }
            // The host has no more mappings to give.
            CopyTo(child, range);
            _own.Add(range.Start, range.End);
        }
        _toProtect.Clear();
    }
}
