using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>Holes in what is mapped. Linux has no counterpart: a process there has all addresses to itself, and finds a hole that it made as it left it; here somebody else would take it.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Pages that were unmapped and stay taken, with nothing behind them.</summary>
    private readonly PageRuns _gaps = new();
    private ulong _gapsLength;

    /// <summary>Of them, bytes whose pages the host still has, closed to everybody: a program that maps and unmaps all the time gets them back for a change of protection instead of a fault for each.</summary>
    private ulong _closedLength;

    private const ulong MostClosed = 1 << 20;

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

    /// <summary>Pages of ours that anybody may read and write become a hole that keeps them.</summary>
    private bool TryCloseGap(VmArea from, ulong end)
    {
        var length = end - from.Start;
        if (!from.IsRecyclable || from.Start < Arena.Start || from.Mapping is not null || length > ClearByHand || _closedLength + length > MostClosed || _gapsLength + length > KeepAtMost)
            return false;
        if (InBrkReserve(from.Start) || InBrkReserve(end - 1) || IsInherited(from.Start) || HostMemory.Protect(from.Start, length, MapProtection.PROT_NONE) != Errno.None)
            return false;
        _gaps.Add(from.Start, length, PageState.Dirty);
        _gapsLength += length;
        _closedLength += length;
        return true;
    }

    /// <summary>A hole with zeros in it, readable and writable, made of one that has kept its pages.</summary>
    /// <returns>The address, or 0.</returns>
    private ulong OpenGap(ulong length)
    {
        if (_closedLength == 0)
            return 0;
        var index = _gaps.FindBest(length, Arena.PageSize, usable: true, out var start, Arena.Start);
        if (index < 0 || IsInStackGap(start + length) || HostMemory.Protect(start, length, ReadWrite) != Errno.None)
            return 0;
        _gaps.Take(index, start, length);
        _gapsLength -= length;
        _closedLength -= length;
        HostMemory.Clear(start, length);
        return start;
    }

    /// <summary>No hole keeps its pages any more.</summary>
    private void EmptyGaps()
    {
        for (var i = 0; i < _gaps.Count && _closedLength > 0; i++)
        {
            var gap = _gaps[i];
            if (gap.State != PageState.Dirty)
                continue;
            _gaps.Take(i, gap.Start, gap.Length);
            _gapsLength -= gap.Length;
            _closedLength -= gap.Length;
            DiscardPages(gap.Start, gap.Length);
            i = -1; // neighbours may have been joined
        }
    }

    private void KeepGap(ulong start, ulong length)
    {
        _gaps.Add(start, length, PageState.Reserved);
        _gapsLength += length;
    }

    /// <summary>Takes pages with nothing behind them, from a hole or from what is nobody's. Holes among the fixed addresses are for who asks for them: Linux maps from the top down, and stubs of text are out of reach there.</summary>
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
        var index = _gaps.FindBest(length, Arena.PageSize, usable: false, out var start, Arena.Start);
        // Partly inherited, or from different forks, it would be two areas where the program knows of one.
        if (index < 0 || IsInStackGap(start + length) || !IsOfOneMemory(start, start + length))
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
            if (_gaps[index].State == PageState.Dirty)
            {
                _ = HostMemory.Discard(at, length);
                _closedLength -= length;
            }
            _gaps.Take(index, at, length);
            _gapsLength -= length;
            at += length;
        }
    }

    /// <summary>Gives back what no relative has a right to.</summary>
    private void ReleaseGaps()
    {
        EmptyGaps();
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
