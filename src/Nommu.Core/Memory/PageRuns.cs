namespace Nommu.Core.Memory;

/// <summary>What stands behind free pages of the arena.</summary>
internal enum PageState
{
    /// <summary>Nothing: touching them is a fault.</summary>
    Reserved,

    /// <summary>Readable and writable, zero.</summary>
    Clean,

    /// <summary>Readable and writable, holding what their last owner left.</summary>
    Dirty,
}

/// <summary>Adjacent free pages of one state.</summary>
internal readonly record struct PageRun(ulong Start, ulong Length, PageState State)
{
    internal ulong End => Start + Length;
}

/// <summary>Linux: the free lists of the page allocator (mm/page_alloc.c). Differs: runs of any length in the order of their addresses, neighbours of one state joined; a program's regions are few and long.</summary>
internal sealed class PageRuns
{
    private readonly List<PageRun> _runs = [];

    internal int Count => _runs.Count;

    /// <summary>How many are readable and writable.</summary>
    internal int UsableCount { get; private set; }

    internal PageRun this[int index] => _runs[index];

    internal void Add(ulong start, ulong length, PageState state)
    {
        var index = IndexAfter(start);
        if (index < _runs.Count && _runs[index] is var next && next.State == state && next.Start == start + length)
        {
            length += next.Length;
            RemoveAt(index);
        }
        if (index > 0 && _runs[index - 1] is var previous && previous.State == state && previous.End == start)
            _runs[index - 1] = previous with { Length = previous.Length + length };
        else
            Insert(index, new PageRun(start, length, state));
    }

    /// <summary>The shortest run of a kind that has room, the lowest of equals.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="alignment">A power of two, at least a page.</param>
    /// <param name="usable">Clean or dirty ones, else reserved ones.</param>
    /// <param name="start">Where in the run the room is.</param>
    /// <param name="from">None that begins below.</param>
    /// <returns>Its index, or -1.</returns>
    internal int FindBest(ulong length, ulong alignment, bool usable, out ulong start, ulong from = 0)
    {
        (var best, start) = (-1, 0);
        for (var i = 0; i < _runs.Count; i++)
        {
            var run = _runs[i];
            if (run.Start < from || usable == (run.State == PageState.Reserved) || run.Length < length || (best >= 0 && run.Length >= _runs[best].Length))
                continue;
            var aligned = (run.Start + alignment - 1) & ~(alignment - 1);
            if (aligned - run.Start > run.Length - length)
                continue;
            (best, start) = (i, aligned);
        }
        return best;
    }

    /// <summary>The shortest run of readable, writable pages that has room and a reserved page before it, the lowest of equals; the room is at its start.</summary>
    /// <returns>Its index, or -1.</returns>
    internal int FindGuarded(ulong length)
    {
        var best = -1;
        for (var i = 1; i < _runs.Count; i++)
        {
            var run = _runs[i];
            if (run.State == PageState.Reserved || run.Length < length || (best >= 0 && run.Length >= _runs[best].Length))
                continue;
            if (_runs[i - 1].State == PageState.Reserved && _runs[i - 1].End == run.Start)
                best = i;
        }
        return best;
    }

    /// <summary>The reserved run that has room nearest to an address.</summary>
    /// <param name="near">The address.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="reach">How far off the room may begin.</param>
    /// <param name="start">Where in the run the room is.</param>
    /// <returns>Its index, or -1.</returns>
    internal int FindNear(ulong near, ulong length, ulong reach, out ulong start)
    {
        (var best, start, var nearest) = (-1, 0UL, reach);
        for (var i = 0; i < _runs.Count; i++)
        {
            var run = _runs[i];
            if (run.State != PageState.Reserved || run.Length < length)
                continue;
            var place = Math.Clamp(near, run.Start, run.End - length);
            var distance = place > near ? place - near : near - place;
            if (distance < nearest)
                (best, start, nearest) = (i, place, distance);
        }
        return best;
    }

    /// <summary>True when every page between is free.</summary>
    internal bool Covers(ulong start, ulong length)
    {
        var end = start + length;
        for (var i = IndexOf(start); i >= 0 && i < _runs.Count && _runs[i].Start <= start; i++)
        {
            if (_runs[i].End >= end)
                return true;
            start = _runs[i].End;
        }
        return false;
    }

    /// <summary>The first run that ends behind an address.</summary>
    internal int IndexAtOrAfter(ulong address)
    {
        var index = IndexAfter(address);
        return index > 0 && _runs[index - 1].End > address ? index - 1 : index;
    }

    /// <summary>Takes part of one run out.</summary>
    internal void Take(int index, ulong start, ulong length)
    {
        var run = _runs[index];
        RemoveAt(index);
        if (run.End > start + length)
            Insert(index, run with { Start = start + length, Length = run.End - start - length });
        if (start > run.Start)
            Insert(index, run with { Length = start - run.Start });
    }

    /// <summary>Takes pages that are all free (<see cref="Covers"/>) out of however many runs they are in.</summary>
    /// <returns>Their state, <see cref="PageState.Dirty"/> where they differ.</returns>
    internal PageState Take(ulong start, ulong length)
    {
        var end = start + length;
        PageState? state = null;
        while (start < end)
        {
            var index = IndexOf(start);
            var run = _runs[index];
            var piece = Math.Min(run.End, end) - start;
            Take(index, start, piece);
            state = state is null || state == run.State ? run.State : PageState.Dirty;
            start += piece;
        }
        return state ?? PageState.Reserved;
    }

    private void Insert(int index, PageRun run)
    {
        _runs.Insert(index, run);
        if (run.State != PageState.Reserved)
            UsableCount++;
    }

    private void RemoveAt(int index)
    {
        if (_runs[index].State != PageState.Reserved)
            UsableCount--;
        _runs.RemoveAt(index);
    }

    /// <summary>The run that holds an address, or -1.</summary>
    private int IndexOf(ulong address)
    {
        var index = IndexAfter(address) - 1;
        return index >= 0 && _runs[index].End > address ? index : -1;
    }

    /// <summary>The first run that begins behind an address.</summary>
    private int IndexAfter(ulong address)
    {
        var (low, high) = (0, _runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_runs[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
