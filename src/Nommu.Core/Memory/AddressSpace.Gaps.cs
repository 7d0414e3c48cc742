using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>Holes in what is mapped. Linux has no counterpart: a process there has all addresses to itself, and finds a hole that it made as it left it; here somebody else would take it.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Pages that were unmapped and stay taken, with nothing behind them.</summary>
    private readonly PageRuns _gaps = new();
    private ulong _gapsLength;

    /// <summary>As much of the arena's addresses may be kept by one process: 256 MiB where the host gave all that was asked for, and a thousand processes have room.</summary>
    private ulong KeepAtMost => (Arena.End - Arena.Start) / 1024;

    /// <summary>Pages of ours, whatever is behind them, become a hole or nobody's.</summary>
    private void DiscardPages(ulong start, ulong length)
    {
        if (_gapsLength + length > KeepAtMost && !IsInherited(start))
            Arena.Discard(start, length);
        else if (HostMemory.Discard(start, length) == Errno.None)
            KeepGap(start, length);
        else if (!IsInherited(start))
            Arena.Free(start, length, PageState.Dirty);
    }

    /// <summary>Pages of ours that have nothing behind them become a hole or nobody's.</summary>
    private void FreePages(ulong start, ulong length)
    {
        if (_gapsLength + length > KeepAtMost && !IsInherited(start))
            Arena.Free(start, length);
        else
            KeepGap(start, length);
    }

    private void KeepGap(ulong start, ulong length)
    {
        _gaps.Add(start, length, PageState.Reserved);
        _gapsLength += length;
    }

    /// <summary>Takes pages with nothing behind them, from a hole or from what is nobody's.</summary>
    /// <returns>The address, or 0.</returns>
    private ulong ReservePages(ulong length)
    {
        if (TakeGap(length) is not 0 and var gap)
            return gap;
        var start = Arena.Reserve(length);
        if (start != 0 || _gaps.Count == 0)
            return start;
        ReleaseGaps();
        return Arena.Reserve(length);
    }

    private ulong TakeGap(ulong length)
    {
        var index = _gaps.FindBest(length, Arena.PageSize, usable: false, out var start);
        if (index < 0 || IsInStackGap(start + length))
            return 0;
        _gaps.Take(index, start, length);
        _gapsLength -= length;
        BeforeChange(start, start + length);
        return start;
    }

    /// <summary>What of a range is a hole is none any more.</summary>
    private void CloseGaps(ulong start, ulong end)
    {
        for (var at = start; at < end && _gaps.Count > 0;)
        {
            var index = _gaps.IndexAtOrAfter(at);
            if (index >= _gaps.Count || _gaps[index].Start >= end)
                return;
            at = Math.Max(at, _gaps[index].Start);
            var length = Math.Min(_gaps[index].End, end) - at;
            _gaps.Take(index, at, length);
            _gapsLength -= length;
            at += length;
        }
    }

    /// <summary>Gives back what no relative has a right to.</summary>
    private void ReleaseGaps()
    {
        var inherited = new List<PageRun>();
        while (_gaps.Count > 0)
        {
            var gap = _gaps[_gaps.Count - 1];
            _gaps.Take(_gaps.Count - 1, gap.Start, gap.Length);
            foreach (var (start, end, isInherited) in CutAtFamily(gap.Start, gap.End))
            {
                if (isInherited)
                    inherited.Add(new PageRun(start, end - start, PageState.Reserved));
                else
                    Arena.Free(start, end - start);
            }
        }
        _gapsLength = 0;
        foreach (var gap in inherited)
            KeepGap(gap.Start, gap.Length);
    }
}
