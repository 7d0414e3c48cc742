using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>munmap(2), and letting go of pages in general.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Unmaps whatever is mapped in a range.</summary>
    /// <returns>EINVAL for a range that is none.</returns>
    internal Errno Unmap(ulong start, ulong length)
    {
        var pages = Arena.PageUp(length);
        if ((start & (Arena.PageSize - 1)) != 0 || pages == 0 || pages < length || start + pages < start)
            return Errno.EINVAL;
        lock (_lock)
            UnmapLocked(start, start + pages);
        return Errno.None;
    }

    private void UnmapLocked(ulong start, ulong end)
    {
        BeforeChange(start, end);
        SplitAt(start);
        SplitAt(end);
        var first = IndexAtOrAfter(start);
        var last = first;
        while (last < _areas.Count && _areas[last].Start < end)
        {
            // Neighbours whose pages all go are one call of the host.
            var from = _areas[last];
            var runEnd = from.End;
            DropLocked(from);
            last++;
            while (last < _areas.Count && _areas[last].Start == runEnd && runEnd < end && IsGivenBackAlike(_areas[last], from) && InBrkReserve(runEnd) == InBrkReserve(from.Start) && !IsFamilyEdge(runEnd))
            {
                runEnd = _areas[last].End;
                DropLocked(_areas[last]);
                last++;
            }
            if (from.Backing == VmBacking.Reserved)
                GiveBackReserved(from.Start, runEnd);
            else if (from.Backing != VmBacking.Borrowed && !TryCloseGap(from, runEnd))
                GiveBack(from.Start, runEnd);
        }
        _areas.RemoveRange(first, last - first);
    }

    private static bool IsGivenBackAlike(VmArea a, VmArea b) =>
        (a.Backing == VmBacking.Reserved) == (b.Backing == VmBacking.Reserved) && (a.Backing == VmBacking.Borrowed) == (b.Backing == VmBacking.Borrowed) && a.IsRecyclable == b.IsRecyclable;

    /// <summary>Takes areas off the list whose pages are about to be replaced.</summary>
    private void Forget(ulong start, ulong end)
    {
        BeforeChange(start, end);
        SplitAt(start);
        SplitAt(end);
        var first = IndexAtOrAfter(start);
        var last = first;
        for (; last < _areas.Count && _areas[last].Start < end; last++)
            DropLocked(_areas[last]);
        _areas.RemoveRange(first, last - first);
    }

    private void DropLocked(VmArea area)
    {
        Uncharge(area);
        area.Drop();
    }

    /// <summary>Pages of ours become a hole, or the heap's reserve.</summary>
    private void GiveBack(ulong start, ulong end)
    {
        var (heapStart, heapEnd) = HeapPart(start, end);
        if (heapStart < heapEnd)
            _ = HostMemory.Discard(heapStart, heapEnd - heapStart);
        if (start < heapStart)
            DiscardPages(start, heapStart - start);
        if (heapEnd < end)
            DiscardPages(heapEnd, end - heapEnd);
    }

    private void GiveBackReserved(ulong start, ulong end)
    {
        var (heapStart, heapEnd) = HeapPart(start, end);
        if (start < heapStart)
            FreePages(start, heapStart - start);
        if (heapEnd < end)
            FreePages(heapEnd, end - heapEnd);
    }

    /// <summary>The part of a range that lies in the heap's reserve; empty, at the range's end, where none does.</summary>
    private (ulong Start, ulong End) HeapPart(ulong start, ulong end)
    {
        var heapStart = Math.Max(start, StartBrk);
        var heapEnd = Math.Min(end, _brkReserveEnd);
        return heapStart < heapEnd ? (heapStart, heapEnd) : (end, end);
    }
}
