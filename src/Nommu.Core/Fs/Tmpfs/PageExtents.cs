namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: the page cache of one file (<c>i_pages</c>), as runs of pages of the store in the order of the file. What no run covers is a hole.</summary>
/// <remarks>A file that grows at its end takes runs that double, so most files are one or a few. The owner's content lock is held.</remarks>
internal sealed class PageExtents(PageStore store)
{
    private readonly List<Extent> _extents = [];

    /// <summary>Pages that hold content.</summary>
    internal int PageCount { get; private set; }

    /// <summary>True while mappings exist: pages stay where they are, even those that are cut off.</summary>
    internal bool IsPinned { get; set; }

    /// <summary>The run that holds a page of the file, or the hole it lies in.</summary>
    /// <param name="page">Page of the file.</param>
    /// <param name="storePage">Page of the store, -1 for a hole.</param>
    /// <param name="count">Pages from there to the end of the run or hole.</param>
    internal void Find(int page, out int storePage, out int count)
    {
        var index = IndexBefore(page);
        if (index >= 0)
        {
            var extent = _extents[index];
            if (page < extent.End)
            {
                storePage = extent.StorePage + (page - extent.Page);
                count = extent.End - page;
                return;
            }
        }
        storePage = -1;
        count = (index + 1 < _extents.Count ? _extents[index + 1].Page : int.MaxValue) - page;
    }

    /// <summary>Fills a hole's first page and what of the wanted pages one run can hold.</summary>
    /// <param name="page">A page in a hole.</param>
    /// <param name="wanted">Pages from there, all of them in the hole.</param>
    /// <returns>Pages filled; 0 when the store is full.</returns>
    internal int Fill(int page, int wanted)
    {
        var index = IndexBefore(page);
        var gap = (index + 1 < _extents.Count ? _extents[index + 1].Page : int.MaxValue) - page;
        if (index >= 0 && _extents[index].End == page && _extents[index].Reserve > 0)
            return UseReserve(index, Math.Min(wanted, gap));
        if (index >= 0)
            DropReserve(index);
        var order = System.Numerics.BitOperations.Log2((uint)wanted);
        // Appending: reserve as much again as the file has.
        if (gap > int.MaxValue / 2 && page > 0)
            order = Math.Max(order, System.Numerics.BitOperations.Log2((uint)page));
        else if (gap > int.MaxValue / 2 && 1 << order < wanted)
            order++;
        if (!store.TryAllocate(order, out var storePage, out var count))
            return 0;
        var used = Math.Min(count, wanted);
        var extent = new Extent(page, storePage, used, count - used);
        if (gap < count)
        {
            // Never here with a hole larger than what is wanted; a reserve must not reach into the next run.
            store.Free(storePage + used, count - used);
            extent = extent with { Reserve = 0 };
        }
        _extents.Insert(index + 1, extent);
        PageCount += used;
        return used;
    }

    /// <summary>Frees whole pages.</summary>
    /// <param name="page">First.</param>
    /// <param name="end">One behind the last.</param>
    /// <returns>How many held content.</returns>
    internal int Remove(int page, int end)
    {
        var freed = 0;
        for (var i = Math.Max(0, IndexBefore(page)); i < _extents.Count && _extents[i].Page < end;)
        {
            var extent = _extents[i];
            if (extent.End <= page)
            {
                if (end == int.MaxValue)
                    DropReserve(i);
                i++;
                continue;
            }
            DropReserve(i);
            var first = Math.Max(extent.Page, page);
            var last = Math.Min(extent.End, end);
            store.Free(extent.StorePage + (first - extent.Page), last - first);
            freed += last - first;
            _extents.RemoveAt(i);
            if (first > extent.Page)
                _extents.Insert(i++, new Extent(extent.Page, extent.StorePage, first - extent.Page, 0));
            if (last < extent.End)
                _extents.Insert(i++, new Extent(last, extent.StorePage + (last - extent.Page), extent.End - last, 0));
        }
        PageCount -= freed;
        return freed;
    }

    private int UseReserve(int index, int wanted)
    {
        var extent = _extents[index];
        var used = Math.Min(wanted, extent.Reserve);
        _extents[index] = extent with { Count = extent.Count + used, Reserve = extent.Reserve - used };
        PageCount += used;
        return used;
    }

    private void DropReserve(int index)
    {
        var extent = _extents[index];
        if (extent.Reserve == 0)
            return;
        store.Free(extent.StorePage + extent.Count, extent.Reserve);
        _extents[index] = extent with { Reserve = 0 };
    }

    /// <summary>The last run that begins at or before a page, or -1.</summary>
    private int IndexBefore(int page)
    {
        var low = 0;
        var high = _extents.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (_extents[middle].Page <= page)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return high;
    }

    private readonly record struct Extent(int Page, int StorePage, int Count, int Reserve)
    {
        internal int End => Page + Count;
    }
}
