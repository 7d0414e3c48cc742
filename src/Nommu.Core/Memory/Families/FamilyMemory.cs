using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>
/// Memory that had one owner when it forked, and whose addresses several members of a family have since. What of it is at its addresses is one member's, the <see cref="Resident"/>; the others' pages are stored.
/// </summary>
/// <remarks>
/// <para>
/// Each address of it is of one of four kinds. <b>Common</b>: the same for all, in place, and the host refuses writing (Linux: a page that is copied on write). <b>Own</b>: each member has its own page, the resident's in place and
/// writable. <b>Apart</b>: the resident has changed what is mapped there, so that the members' mappings differ; it is put together anew at each switch. All others, as program text, nobody can write to.
/// With one member left there is nothing apart, and what is neither common nor own is the member's alone.
/// </para>
/// <para>
/// A fork makes pages common by one call of the host for many, except those that were written to soon after the last fork, or probably will be (the stack's end, small areas): these become own at once, since a copy costs a tenth of a fault.
/// A switch copies own pages out and in: as many as were written to since, not as many as there are; long runs of them are moved.
/// </para>
/// <para>Guarded by the family's lock.</para>
/// </remarks>
internal sealed partial class FamilyMemory(Arena arena, StoredPages store)
{
    /// <summary>A write makes as many pages the writer's own at once, where they are common: neighbours are likely to follow, and a fault costs as much as ten copies.</summary>
    private const ulong Around = 4 * Arena.PageSize;

    /// <summary>The same where nobody has to be left a copy.</summary>
    private const ulong AroundAlone = 16 * Arena.PageSize;

    private readonly AddressRanges _common = new();
    private readonly AddressRanges _own = new();
    private readonly AddressRanges _apart = new();

    /// <summary>Its addresses.</summary>
    internal AddressRanges Ranges { get; } = new();

    /// <summary>Pages that its first owner had been charged for.</summary>
    internal long Charge { get; set; }

    /// <summary>What each member has.</summary>
    internal List<FamilyPart> Parts { get; } = [];

    /// <summary>Whose pages are in place; nobody's when that member has left.</summary>
    internal FamilyPart? Resident { get; private set; }

    private bool HasOneMember => Parts.Count == 1;

    /// <summary>Its first owner, who is about to fork.</summary>
    internal void Begin(FamilyPart owner)
    {
        Parts.Add(owner);
        Resident = owner;
    }

    /// <summary>The resident has been refused to write: makes the page its own where that was for the family's sake.</summary>
    /// <returns>True where it can be written to now.</returns>
    internal bool TrySeparate(ulong address)
    {
        if (!_common.TryFind(address, out var run))
            return _own.Contains(address); // another thread was faster
        var around = HasOneMember ? AroundAlone : Around;
        var start = Math.Max(run.Start, address & ~(around - 1));
        var end = Math.Min(run.End, (address & ~(around - 1)) + around);
        for (var page = start; page < end; page += Arena.PageSize)
            LeaveCopies(page, Resident);
        if (HostMemory.Protect(start, end - start, run.Access) != Errno.None)
            return false;
        _common.Remove(start, end);
        _own.Add(start, end);
        return true;
    }

    /// <summary>The resident is about to change what is mapped between two addresses: from now on the members differ there.</summary>
    internal void TakeApart(ulong start, ulong end)
    {
        foreach (var range in Ranges.Within(start, end))
        {
            foreach (var piece in _apart.Outside(range.Start, range.End))
                TakeApart(piece);
        }
    }

    private void TakeApart(AddressRange piece)
    {
        if (!HasOneMember)
        {
            Unmove(piece.Start, piece.End);
            foreach (var shared in _own.Outside(piece.Start, piece.End))
                LeaveContents(shared, Resident!);
            _apart.Add(piece.Start, piece.End);
        }
        foreach (var common in _common.Within(piece.Start, piece.End))
            _ = HostMemory.Protect(common.Start, common.Length, common.Access);
        _common.Remove(piece.Start, piece.End);
        _own.Remove(piece.Start, piece.End);
    }

    /// <summary>A member leaves for good. What is in place of it is nobody's.</summary>
    internal void Leave(FamilyPart part)
    {
        foreach (var moved in part.Moved)
            Forget(moved);
        part.Moved.Clear();
        foreach (var page in part.Pages.Values)
            store.Release(page);
        part.Pages.Clear();
        Parts.Remove(part);
        if (Resident == part)
            Resident = null;
        if (Parts.Count == 0)
        {
            for (var i = 0; i < Ranges.Count; i++)
                arena.Discard(Ranges[i].Start, Ranges[i].Length);
            Ranges.Clear();
            arena.Uncharge(Charge);
        }
        else if (HasOneMember && Resident is not null)
        {
            _apart.Clear();
        }
    }

    /// <summary>All members but one get a common copy of a page.</summary>
    private void LeaveCopies(ulong page, FamilyPart? except)
    {
        if (Parts.Count < (except is null ? 1 : 2))
            return;
        var copy = store.CopyOf(page);
        foreach (var part in Parts)
        {
            if (part == except)
                continue;
            part.Pages.Add(page, copy);
            copy.References++;
        }
        store.Release(copy);
    }

    /// <summary>All members but one get copies of what is in place and not the file's, nor zero.</summary>
    private void LeaveContents(AddressRange range, FamilyPart resident)
    {
        foreach (var area in resident.Space.PrivateContentsWithin(range.Start, range.End))
        {
            Readable(area, () =>
            {
                for (var page = area.Start; page < area.End; page += Arena.PageSize)
                    LeaveCopies(page, resident);
            });
        }
    }

    /// <summary>Does something while the host lets pages be read that may not be.</summary>
    private static void Readable(AddressRange area, Action action)
    {
        var isReadable = (area.Access & MapProtection.PROT_READ) != 0;
        if (!isReadable)
            _ = HostMemory.Protect(area.Start, area.Length, MapProtection.PROT_READ);
        action();
        if (!isReadable)
            _ = HostMemory.Protect(area.Start, area.Length, area.Access);
    }
}
