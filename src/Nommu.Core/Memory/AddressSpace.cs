using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>
/// Linux: <c>mm_struct</c>. The memory of one process, or of those that share it by CLONE_VM. Differs: as on nommu it is a set of regions of an arena that all processes live in;
/// as with an MMU the regions have real protections and can be mapped over.
/// </summary>
/// <remarks>Lock order: this type's lock (Linux: <c>mmap_lock</c>), then a file's locks, then the arena's.</remarks>
internal sealed partial class AddressSpace
{
    private const string StackName = "[stack]";
    private const string HeapName = "[heap]";

    private readonly Lock _lock = new();
    private readonly List<VmArea> _areas = [];
    private int _references = 1;
    private ulong _brkReserveEnd;

    private readonly ITextSource? _texts;

    /// <param name="arena">Where all its memory lies.</param>
    /// <param name="texts">Where rewritten program text comes from; without it every call of a program traps.</param>
    internal AddressSpace(Arena arena, ITextSource? texts = null) => (Arena, _texts) = (arena, texts);

    internal Arena Arena { get; }

    /// <summary>The door to the bytes.</summary>
    internal UserMemory Memory => Arena.Memory;

    internal MemoryLayout Layout { get; } = new();

    /// <summary>Linux: <c>exe_file</c>, what /proc/PID/exe shows; the memory holds a reference.</summary>
    internal FileDescription? Executable { get; set; }

    /// <summary>Where the heap begins.</summary>
    internal ulong StartBrk { get; private set; }

    /// <summary>Where the heap ends.</summary>
    internal ulong CurrentBrk { get; private set; }

    /// <summary>For a thread or a vfork child.</summary>
    internal AddressSpace Retain()
    {
        Interlocked.Increment(ref _references);
        return this;
    }

    /// <summary>Linux: <c>mm_users</c> above 1: some other thread or process has this memory too.</summary>
    internal bool IsSharedByTasks => Volatile.Read(ref _references) > 1;

    /// <summary>Linux: <c>mmput</c>. The last one gives all memory back.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        ReleaseAll();
        Executable?.Release();
    }

    /// <summary>The areas as they are now, for /proc/PID/maps.</summary>
    internal VmAreaInfo[] Snapshot()
    {
        lock (_lock)
        {
            var result = new VmAreaInfo[_areas.Count];
            for (var i = 0; i < result.Length; i++)
            {
                var area = _areas[i];
                result[i] = new VmAreaInfo(area.Start, area.End, area.Protection, area.Flags, area.Offset, area.File?.Path ?? default, area.Name, area.Text?.Coverage);
            }
            return result;
        }
    }

    /// <summary>The protection of one address; null where nothing is mapped.</summary>
    internal MapProtection? ProtectionAt(ulong address)
    {
        lock (_lock)
            return Find(address)?.Protection;
    }

    /// <summary>True where a fault finds no mapping: between areas, though the host has the arena's pages there, and in the guard below a stack, which Linux leaves unmapped.</summary>
    internal bool IsHole(ulong address)
    {
        lock (_lock)
            return Find(address) is not { } area || (area.Protection == MapProtection.PROT_NONE && (area.Flags & VmFlags.GrowsDown) != 0 && area.Name == StackName);
    }

    private VmArea? Find(ulong address)
    {
        var index = IndexAtOrAfter(address);
        return index < _areas.Count && _areas[index].Start <= address ? _areas[index] : null;
    }

    /// <summary>The first area that ends behind an address.</summary>
    private int IndexAtOrAfter(ulong address)
    {
        var (low, high) = (0, _areas.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_areas[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private bool AnyBetween(ulong start, ulong end)
    {
        var index = IndexAtOrAfter(start);
        return index < _areas.Count && _areas[index].Start < end;
    }

    /// <summary>Cuts areas so that one begins at an address, if any holds it.</summary>
    private void SplitAt(ulong address)
    {
        var index = IndexAtOrAfter(address);
        if (index < _areas.Count && _areas[index].Start < address)
            _areas.Insert(index + 1, _areas[index].SplitAt(address));
    }

    private void Insert(VmArea area)
    {
        var index = IndexAtOrAfter(area.Start);
        var end = area.End;
        _areas.Insert(index, area);
        SplitAtFamily(area.Start, end);
        index = IndexAtOrAfter(area.Start);
        JoinAt(index + 1);
        JoinAt(index);
    }

    /// <summary>Joins the area at an index with the one before.</summary>
    private void JoinAt(int index)
    {
        if (index <= 0 || index >= _areas.Count || !_areas[index - 1].JoinsWith(_areas[index]) || IsFamilyEdge(_areas[index].Start))
            return;
        _areas[index - 1].End = _areas[index].End;
        _areas[index - 1].Flags &= _areas[index].Flags | ~VmFlags.Pooled;
        _areas[index - 1].Flags |= _areas[index].Flags & VmFlags.Guarded;
        _areas[index].Drop();
        _areas.RemoveAt(index);
    }

    /// <summary>Joins whatever can be joined between two addresses.</summary>
    private void JoinBetween(ulong start, ulong end)
    {
        for (var index = Math.Min(IndexAtOrAfter(end), _areas.Count - 1); index > 0 && _areas[index].End >= start; index--)
            JoinAt(index);
    }

    /// <summary>True for the pages that the heap may grow into, which stay ours whether mapped or not.</summary>
    private bool InBrkReserve(ulong address) => address >= StartBrk && address < _brkReserveEnd;

    private void Uncharge(VmArea area)
    {
        if ((area.Flags & VmFlags.Charged) != 0)
            Arena.Uncharge(area.Pages);
    }

    private void ReleaseAll()
    {
        lock (_lock)
        {
            ulong goneStart = 0, goneEnd = 0, heap = StartBrk;
            var parked = ToPark();
            _isParking = parked is not null;
            foreach (var area in _areas)
            {
                Uncharge(area);
                if (IsInherited(area.Start) || parked?.Find(area.Start) is not null)
                {
                    area.Drop();
                    continue;
                }
                if (parked is not null && InBrkReserve(area.Start))
                {
                    _ = HostMemory.Discard(area.Start, area.Length);
                    area.Drop();
                    continue;
                }
                if (area.End > heap && area.Start < _brkReserveEnd)
                {
                    FreeHeapGap(heap, area.Start);
                    heap = area.End;
                }
                if (area.IsRecyclable && (area.Flags & VmFlags.Pooled) != 0)
                    Arena.Recycle(area.Start, area.Length);
                else if (area.Backing == VmBacking.Reserved)
                    Arena.Free(area.Start, area.Length);
                else if (area.Backing != VmBacking.Borrowed)
                    Gone(area.Start, area.End);
                area.Drop();
            }
            foreach (var stubs in _leftStubs)
                stubs.Release();
            if (!IsInherited(StartBrk) && parked is null)
                FreeHeapGap(heap, _brkReserveEnd);
            Gone(0, 0);
            _areas.Clear();
            ReleaseGaps();
            LeaveFamily();
            parked?.Keeper.Keep(parked);

            // Neighbours go in one call.
            void Gone(ulong start, ulong end)
            {
                if (start == goneEnd && start != 0)
                {
                    goneEnd = end;
                    return;
                }
                if (goneEnd != 0)
                    Arena.Discard(goneStart, goneEnd - goneStart);
                (goneStart, goneEnd) = (start, end);
            }
        }
    }

    private void FreeHeapGap(ulong start, ulong end)
    {
        if (start < end)
            Arena.Free(start, end - start);
    }
}
