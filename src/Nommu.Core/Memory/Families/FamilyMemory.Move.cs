using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory.Families;

/// <summary>
/// Long runs of own pages. To copy a page out and another in takes a fifth of a microsecond, to have the host move a run of any length a few, so what both have written to by the megabyte is moved, and a switch takes as long however large the processes are.
/// </summary>
/// <remarks>The host leaves a mapping without pages behind where it moves from, so that no hole opens into which somebody else could map.</remarks>
internal sealed partial class FamilyMemory
{
    private const ulong ShortestMove = 48 * Arena.PageSize;

    /// <summary>What one entry of the host's upper page table covers: between places that are alike within it the host moves entries of that table, not each page's (measured: relatives with 32 MiB each take turns every 75 microseconds, else every 230).</summary>
    private const ulong Covered = 2 << 20;

    /// <summary>Moves a run of the old resident's pages away.</summary>
    /// <returns>False where they are to be copied: there are few, or they are several mappings of the host's.</returns>
    private bool TryMoveOut(FamilyPart part, AddressRange run)
    {
        if (run.Length < ShortestMove || !part.Space.IsAnonymous(run.Start, run.End))
            return false;
        var place = ReserveAlike(run);
        if (place == 0)
            return false;
        if (HostMemory.Move(run.Start, run.Length, place) != Errno.None)
        {
            arena.Discard(place, run.Length);
            return false;
        }
        arena.Account.Charge((long)(run.Length / Arena.PageSize));
        part.Moved.Add(new MovedPages(run.Start, run.Length, place));
        return true;
    }

    private ulong ReserveAlike(AddressRange run)
    {
        var skew = run.Start & (Covered - 1);
        if (run.Length < Covered || skew == 0)
            return arena.Reserve(run.Length, run.Length < Covered ? Arena.PageSize : Covered);
        var start = arena.Reserve(skew + run.Length, Covered);
        if (start != 0)
            arena.Free(start, skew);
        return start == 0 ? 0 : start + skew;
    }

    /// <summary>Moves the new resident's pages in.</summary>
    private void MoveIn(FamilyPart part)
    {
        foreach (var moved in part.Moved)
        {
            if (HostMemory.Move(moved.Place, moved.Length, moved.Start) != Errno.None)
                HostMemory.Copy(moved.Place, moved.Start, moved.Length);
            Forget(moved);
        }
        part.Moved.Clear();
    }

    /// <summary>Members whose pages between two addresses have been moved have them page by page from now on.</summary>
    private void Unmove(ulong start, ulong end)
    {
        foreach (var part in Parts)
        {
            for (var i = part.Moved.Count - 1; i >= 0; i--)
            {
                var moved = part.Moved[i];
                if (moved.Start >= end || moved.Start + moved.Length <= start)
                    continue;
                for (ulong offset = 0; offset < moved.Length; offset += Arena.PageSize)
                    part.Pages[moved.Start + offset] = store.CopyOf(moved.Place + offset);
                Forget(moved);
                part.Moved.RemoveAt(i);
            }
        }
    }

    private void Forget(MovedPages moved)
    {
        arena.Account.Uncharge((long)(moved.Length / Arena.PageSize));
        arena.Discard(moved.Place, moved.Length);
    }
}
