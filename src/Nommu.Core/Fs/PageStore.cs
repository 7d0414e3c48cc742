using System.Numerics;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs;

/// <summary>
/// The pages that hold the content of files in memory, of one kernel: a memory file of the host, shared out in runs by a buddy allocator. A mapping of a file is a mapping of its runs.
/// </summary>
/// <remarks>Every free page reads as zeros. Its lock is a leaf.</remarks>
internal sealed class PageStore : IDisposable
{
    internal const int PageSize = 4096;
    internal const int PageShift = 12;

    /// <summary>Largest run: 4 MiB.</summary>
    private const int MaximumOrder = 10;

    /// <summary>From this size on a freed run goes back to the host; smaller ones are cleared and kept.</summary>
    private const int DiscardPages = 16;

    private readonly Lock _lock = new();
    private readonly HostMemoryFile _file;
    private readonly ulong[][] _free = new ulong[MaximumOrder + 1][];
    private readonly int[] _count = new int[MaximumOrder + 1];
    private readonly int[] _hint = new int[MaximumOrder + 1];

    /// <param name="bytes">How much can be stored; rounded up to the largest run.</param>
    /// <param name="account">Where pages with contents are counted; nowhere else than here without.</param>
    internal PageStore(long bytes, MemoryAccount? account = null)
    {
        Account = account ?? new MemoryAccount(bytes / PageSize);
        var runs = (int)Math.Max(1, (bytes + ((long)PageSize << MaximumOrder) - 1) >> (PageShift + MaximumOrder));
        TotalPages = runs << MaximumOrder;
        FreePages = TotalPages;
        _file = new HostMemoryFile((long)TotalPages << PageShift);
        for (var order = 0; order <= MaximumOrder; order++)
            _free[order] = new ulong[((TotalPages >> order) + 63) / 64];
        for (var run = 0; run < runs; run++)
            _free[MaximumOrder][run >> 6] |= 1UL << (run & 63);
        _count[MaximumOrder] = runs;
    }

    /// <summary>Where pages with contents are counted, together with those that processes have.</summary>
    internal MemoryAccount Account { get; }

    internal int TotalPages { get; }

    internal int FreePages { get; private set; }

    /// <summary>The host's file behind it all, for mappings.</summary>
    internal HostMemoryFile File => _file;

    /// <summary>The bytes of pages.</summary>
    internal Span<byte> Span(int page, int offset, int length) => _file.Span(((long)page << PageShift) + offset, length);

    /// <summary>Takes a run of pages, all zero.</summary>
    /// <param name="order">Wanted size: 2^order pages; less is given where there is nothing of that size.</param>
    /// <param name="page">First page of the run.</param>
    /// <param name="count">Pages in it.</param>
    /// <returns>False when not a single page is left.</returns>
    internal bool TryAllocate(int order, out int page, out int count)
    {
        order = Math.Min(order, MaximumOrder);
        lock (_lock)
        {
            var from = order;
            while (from <= MaximumOrder && _count[from] == 0)
                from++;
            if (from > MaximumOrder)
            {
                from = order - 1;
                while (from >= 0 && _count[from] == 0)
                    from--;
                if (from < 0)
                {
                    page = count = 0;
                    return false;
                }
                order = from;
            }
            var index = TakeAny(from);
            while (from > order)
            {
                from--;
                index <<= 1;
                Mark(from, index + 1);
            }
            page = index << order;
            count = 1 << order;
            FreePages -= count;
            return true;
        }
    }

    /// <summary>Gives pages back, whatever runs they came in.</summary>
    internal void Free(int page, int count)
    {
        // Cleared outside of the lock: nobody else knows these pages.
        if (count >= DiscardPages)
            _file.Discard((long)page << PageShift, (long)count << PageShift);
        else
            Span(page, 0, count << PageShift).Clear();
        lock (_lock)
        {
            FreePages += count;
            while (count > 0)
            {
                var order = Math.Min(Math.Min(page == 0 ? MaximumOrder : BitOperations.TrailingZeroCount(page), BitOperations.Log2((uint)count)), MaximumOrder);
                Merge(order, page >> order);
                page += 1 << order;
                count -= 1 << order;
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private void Merge(int order, int index)
    {
        while (order < MaximumOrder && IsMarked(order, index ^ 1))
        {
            Unmark(order, index ^ 1);
            index >>= 1;
            order++;
        }
        Mark(order, index);
    }

    private int TakeAny(int order)
    {
        var words = _free[order];
        var word = _hint[order];
        while (words[word] == 0)
            word = word + 1 == words.Length ? 0 : word + 1;
        var index = (word << 6) + BitOperations.TrailingZeroCount(words[word]);
        _hint[order] = word;
        Unmark(order, index);
        return index;
    }

    private bool IsMarked(int order, int index) => index < TotalPages >> order && (_free[order][index >> 6] & (1UL << (index & 63))) != 0;

    private void Mark(int order, int index)
    {
        _free[order][index >> 6] |= 1UL << (index & 63);
        _count[order]++;
        _hint[order] = Math.Min(_hint[order], index >> 6);
    }

    private void Unmark(int order, int index)
    {
        _free[order][index >> 6] &= ~(1UL << (index & 63));
        _count[order]--;
    }
}
