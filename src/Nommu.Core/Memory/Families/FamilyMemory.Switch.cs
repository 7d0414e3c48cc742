namespace Nommu.Core.Memory.Families;

/// <summary>Putting a member's pages in place of another's.</summary>
internal sealed partial class FamilyMemory
{
    /// <summary>A member's turn. Nobody runs in the family.</summary>
    internal void BringIn(FamilyPart part)
    {
        if (Resident == part)
            return;
        var old = Resident;
        for (var i = 0; i < _own.Count; i++)
        {
            var isMoved = old is not null && TryMoveOut(old, _own[i]);
            if (isMoved && part.Pages.Count == 0)
                continue;
            for (var page = _own[i].Start; page < _own[i].End; page += Arena.PageSize)
            {
                if (old is not null && !isMoved)
                    old.Pages[page] = store.CopyOf(page);
                PutBack(part, page);
            }
        }
        MoveIn(part);
        for (var i = 0; i < _apart.Count; i++)
        {
            if (old is not null)
                CopyOut(old, _apart[i]);
            part.Space.Rebuild(_apart[i].Start, _apart[i].End, page => PutBack(part, page), HasPages(part, _apart[i]));
        }
        Resident = part;
        if (HasOneMember)
            _apart.Clear();
    }

    private void PutBack(FamilyPart part, ulong page)
    {
        if (part.Pages.Remove(page, out var stored))
            store.MoveTo(page, stored);
    }

    private void CopyOut(FamilyPart part, AddressRange range)
    {
        foreach (var area in part.Space.PrivateContentsWithin(range.Start, range.End))
        {
            Readable(area, () =>
            {
                for (var page = area.Start; page < area.End; page += Arena.PageSize)
                    part.Pages[page] = store.CopyOf(page);
            });
        }
    }

    private static bool HasPages(FamilyPart part, AddressRange range)
    {
        foreach (var page in part.Pages.Keys)
        {
            if (page >= range.Start && page < range.End)
                return true;
        }
        return false;
    }
}
