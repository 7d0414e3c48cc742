using Nommu.Core.Abi;
using Nommu.Core.Execution;
using Nommu.Core.Fs;
using Nommu.Core.Host;
using Nommu.Core.Memory.Families;

namespace Nommu.Core.Memory;

/// <summary>Memory whose addresses relatives have too, since fork(2).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>One for each memory that it has in common with others. Guarded by the family's lock.</summary>
    private readonly List<FamilyPart> _parts = [];
    private volatile Family? _family;

    /// <summary>The processes it shares addresses with; null for one that has none, and never had.</summary>
    internal Family? Family => _family;

    /// <summary>Makes its pages be in place. With the family's lock held, at its turn.</summary>
    internal void BringIn()
    {
        foreach (var part in _parts)
            part.Memory.BringIn(part);
    }

    /// <summary>Writing has been refused: perhaps only since relatives see the page as well.</summary>
    /// <returns>True where it is worth trying again.</returns>
    internal bool TrySeparate(ulong address)
    {
        if (_family is not { } family)
            return false;
        lock (family.Lock)
            return PartAt(address) is { } part && part.Memory.TrySeparate(address);
    }

    /// <summary>The areas between two addresses that may hold what is neither zero nor the file's, and what is allowed there.</summary>
    internal List<AddressRange> PrivateContentsWithin(ulong start, ulong end)
    {
        var result = new List<AddressRange>();
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < end; index++)
        {
            var area = _areas[index];
            if (HoldsOwn(area))
                result.Add(new AddressRange(Math.Max(start, area.Start), Math.Min(end, area.End), area.Protection));
        }
        return result;
    }

    /// <summary>Puts mappings in place of whatever the host has there, and contents into them. At its turn, with the family's lock held.</summary>
    /// <param name="start">The first address.</param>
    /// <param name="end">The first behind.</param>
    /// <param name="fill">Puts a page's contents in place, if there are any.</param>
    /// <param name="hasContents">Whether there may be any.</param>
    internal void Rebuild(ulong start, ulong end, Action<ulong> fill, bool hasContents)
    {
        _ = HostMemory.Discard(start, end - start);
        RebuildStubs(start, end);
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < end; index++)
        {
            var area = _areas[index];
            var (from, to) = (Math.Max(start, area.Start), Math.Min(end, area.End));
            if (area.Backing is VmBacking.Reserved or VmBacking.Borrowed || MapAgain(area, from, to - from) != Errno.None)
                continue;
            var isFilled = hasContents && HoldsOwn(area);
            if (isFilled && area.Backing == VmBacking.HostFile)
                _ = HostMemory.Protect(from, to - from, ReadWrite);
            for (var page = from; page < to && isFilled; page += Arena.PageSize)
                fill(page);
            if ((isFilled && area.Backing == VmBacking.HostFile) || (area.Backing == VmBacking.Anonymous && area.Protection != ReadWrite))
                _ = HostMemory.Protect(from, to - from, area.Protection);
        }
    }

    /// <summary>The same for the code that text there jumps to, which no area shows.</summary>
    private void RebuildStubs(ulong start, ulong end)
    {
        foreach (var stubs in _stubs)
        {
            if (stubs.Start < start || stubs.Start >= end || stubs.Segment.PagesFor((long)(stubs.Start - stubs.TextStart), out var isOwn) is not { } pages)
                continue;
            _ = HostMemory.MapFile(stubs.Start, stubs.Length, MapProtection.PROT_READ | MapProtection.PROT_EXEC, shared: false, pages.File.Descriptor, pages.StubsOffset);
            if (isOwn)
                pages.Dispose();
        }
    }

    /// <summary>Whether all between two addresses is private memory that is no file's.</summary>
    internal bool IsAnonymous(ulong start, ulong end)
    {
        for (var index = IndexAtOrAfter(start); start < end; index++)
        {
            if (index >= _areas.Count || _areas[index] is not { Backing: VmBacking.Anonymous, Protection: ReadWrite } area || area.Start > start)
                return false;
            start = area.End;
        }
        return true;
    }

    /// <summary>Whether a file is mapped at an address.</summary>
    internal bool HasFileAt(ulong address) => Find(address) is { Backing: VmBacking.HostFile };

    /// <summary>Reads what a mapping that is out of place shows of its file, or zeros.</summary>
    /// <returns>Bytes not read.</returns>
    internal int ReadFile(ulong address, Span<byte> target)
    {
        target.Clear();
        if (Find(address) is not { Backing: VmBacking.HostFile, Mapping: { } mapping } area)
            return 0;
        var to = new IoVector(target);
        return mapping.File.ReadAt(ref to, (long)(area.Offset + (address - area.Start))).IsOk ? 0 : target.Length;
    }

    private static bool HoldsOwn(VmArea area) => area.Backing switch
    {
        VmBacking.Anonymous => true,
        VmBacking.HostFile => !area.IsShared && (area.IsWritable || (area.Flags & VmFlags.Written) != 0),
        _ => false,
    };

    private static Errno MapAgain(VmArea area, ulong start, ulong length)
    {
        if (area.Backing == VmBacking.Anonymous)
            return HostMemory.Protect(start, length, ReadWrite);
        var offset = area.Offset + (start - area.Start);
        if (area.Text is { } text)
            return MapPages(start, length, area.Protection, text, area.Mapping!, (long)offset - text.FileOffset, (long)(area.Stubs is { } stubs ? stubs.Start - stubs.TextStart : text.StubDistance), 0);
        var runs = new List<MappedRun>();
        var pages = area.Mapping!.Pages!;
        var error = pages.Locate((long)offset, (long)length, runs);
        return error == Errno.None ? PutPages(start, length, area.Protection, area.IsShared, pages, runs) : error;
    }

    /// <summary>To be called before anything between two addresses is mapped, unmapped or allowed otherwise.</summary>
    private void BeforeChange(ulong start, ulong end)
    {
        OpenStackWithin(start, end);
        if (_family is not { } family)
            return;
        lock (family.Lock)
        {
            foreach (var part in _parts)
                part.Memory.TakeApart(start, end);
        }
    }

    /// <summary>Whether relatives have, or had, an address too, so that it is not given back but by the last of them.</summary>
    private bool IsInherited(ulong address)
    {
        if (_family is not { } family)
            return false;
        lock (family.Lock)
            return PartAt(address) is not null;
    }

    private FamilyPart? PartAt(ulong address)
    {
        foreach (var part in _parts)
        {
            if (part.Memory.Ranges.Contains(address))
                return part;
        }
        return null;
    }

    /// <summary>Cuts areas where what relatives have begins and ends, so that each is one or the other.</summary>
    private void SplitAtFamily(ulong start, ulong end)
    {
        if (_family is not { } family)
            return;
        lock (family.Lock)
        {
            foreach (var part in _parts)
            {
                foreach (var range in part.Memory.Ranges.Within(start, end))
                {
                    SplitAt(range.Start);
                    SplitAt(range.End);
                }
            }
        }
    }

    private List<(ulong Start, ulong End, bool IsInherited)> CutAtFamily(ulong start, ulong end)
    {
        var result = new List<(ulong, ulong, bool)>();
        if (_family is not { } family)
            return [(start, end, false)];
        lock (family.Lock)
        {
            var inherited = new AddressRanges();
            foreach (var part in _parts)
            {
                foreach (var range in part.Memory.Ranges.Within(start, end))
                    inherited.Add(range.Start, range.End);
            }
            foreach (var range in inherited.Within(start, end))
                result.Add((range.Start, range.End, true));
            foreach (var range in inherited.Outside(start, end))
                result.Add((range.Start, range.End, false));
        }
        return result;
    }

    /// <summary>Whether nothing that relatives have begins or ends between two addresses.</summary>
    private bool IsOfOneMemory(ulong start, ulong end)
    {
        if (_family is not { } family)
            return true;
        lock (family.Lock)
        {
            foreach (var part in _parts)
            {
                foreach (var range in part.Memory.Ranges.Within(start, end))
                {
                    if (range.Start != start || range.End != end)
                        return false;
                }
            }
            return true;
        }
    }

    private bool IsFamilyEdge(ulong address)
    {
        if (_family is not { } family)
            return false;
        lock (family.Lock)
            return PartAt(address) != PartAt(address - Arena.PageSize);
    }

    private void LeaveFamily()
    {
        if (_family is not { } family)
            return;
        lock (family.Lock)
        {
            foreach (var part in _parts)
                part.Memory.Leave(part);
            _parts.Clear();
            family.Remove(this);
        }
    }

    private int ReadPages(ulong address, Span<byte> target)
    {
        var done = 0;
        while (done < target.Length)
        {
            var piece = target.Slice(done, Math.Min(target.Length - done, (int)(Arena.PageSize - ((address + (ulong)done) & (Arena.PageSize - 1)))));
            var part = PartAt(address + (ulong)done);
            var missing = part is null ? UserCopy.CopyFromUser(piece, address + (ulong)done) : part.Memory.Read(part, address + (ulong)done, piece);
            done += piece.Length - missing;
            if (missing != 0)
                break;
        }
        return done;
    }

    private int WritePages(ulong address, ReadOnlySpan<byte> source)
    {
        var done = 0;
        while (done < source.Length)
        {
            var piece = source.Slice(done, Math.Min(source.Length - done, (int)(Arena.PageSize - ((address + (ulong)done) & (Arena.PageSize - 1)))));
            var part = PartAt(address + (ulong)done);
            var missing = part is null ? UserCopy.CopyToUser(address + (ulong)done, piece) : part.Memory.Write(part, address + (ulong)done, piece);
            done += piece.Length - missing;
            if (missing != 0)
                break;
        }
        return done;
    }
}
