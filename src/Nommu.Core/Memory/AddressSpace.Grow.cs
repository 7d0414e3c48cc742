using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>Mappings that grow down when something below them is touched (MAP_GROWSDOWN). Linux: <c>expand_downwards</c>. The first thread's stack is there as a whole and does not.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Linux: <c>stack_guard_gap</c>: so much stays free above what can be touched.</summary>
    private const ulong StackGap = 256 * Arena.PageSize;

    /// <summary>What is left free below one that may lie anywhere: as a stack usually has, and the gap.</summary>
    private const ulong RoomToGrow = (8UL << 20) + StackGap;

    private volatile bool _hasGrowing;

    /// <summary>True once there has been one.</summary>
    internal bool HasGrowing => _hasGrowing;

    /// <summary>Something missed memory: grows the mapping above it down to there.</summary>
    /// <param name="address">What was touched.</param>
    /// <param name="how">How: one of read, write and execute.</param>
    /// <param name="limits">Of who touched it.</param>
    /// <param name="stackLimit">RLIMIT_STACK: as long may it become.</param>
    /// <returns>True where it can be touched like that now.</returns>
    internal bool TryGrow(ulong address, MapProtection how, in MemoryLimits limits, ulong stackLimit)
    {
        if (!_hasGrowing)
            return false;
        lock (_lock)
        {
            var index = IndexAtOrAfter(address);
            if (index >= _areas.Count || _areas[index] is not { Name: not StackName } area || (area.Flags & VmFlags.GrowsDown) == 0)
                return false;
            if (area.Start > address && !TryGrow(index, Arena.PageDown(address), limits, stackLimit))
                return false;
            // Another thread may have made it grow meanwhile.
            return (area.Protection & how) != 0 && (area.Flags & VmFlags.Guarded) == 0;
        }
    }

    private bool TryGrow(int index, ulong start, in MemoryLimits limits, ulong stackLimit)
    {
        var area = _areas[index];
        var (length, pages) = (area.Start - start, (long)((area.Start - start) / Arena.PageSize));
        if (start < LowestAddress || area.End - start > stackLimit || !MayExpand(limits, pages, isData: false))
            return false;
        if (index > 0 && _areas[index - 1] is var below && (below.Flags & VmFlags.GrowsDown) == 0 && below.Protection != MapProtection.PROT_NONE && start - below.End < StackGap)
            return false;
        if ((area.Flags & VmFlags.Locked) != 0 && !MayLock(limits, pages))
            return false;
        var isCharged = (area.Flags & VmFlags.Charged) != 0;
        if (isCharged && !Arena.TryCharge(pages))
            return false;
        if (TryTakeGaps(start, area.Start))
        {
            if (area.Backing == VmBacking.Reserved || HostMemory.Protect(start, length, area.Protection) == Errno.None)
            {
                area.Start = start;
                area.Flags &= ~VmFlags.Pooled;
                if ((area.Flags & VmFlags.Locked) != 0)
                    _ = PopulateLocked(start, start + length);
                JoinAt(index);
                SplitAtFamily(start, start + length + Arena.PageSize);
                return true;
            }
            GiveBack(start, area.Start);
        }
        if (isCharged)
            Arena.Uncharge(pages);
        return false;
    }

    /// <summary>Where a new mapping that grows has room below it.</summary>
    /// <returns>The address, or 0; nobody else takes it before this lock is given back, unless there is hardly any room at all.</returns>
    private ulong FindRoomToGrow(ulong length)
    {
        var start = ReservePages(RoomToGrow + length);
        if (start == 0)
            return 0;
        FreePages(start, RoomToGrow + length);
        return start + RoomToGrow;
    }

    /// <summary>Linux: <c>vm_start_gap</c>: what need not lie there keeps away from what may grow.</summary>
    private bool IsInStackGap(ulong end)
    {
        if (!_hasGrowing)
            return false;
        var index = IndexAtOrAfter(end);
        return index < _areas.Count && (_areas[index].Flags & VmFlags.GrowsDown) != 0 && _areas[index].Start - end < StackGap;
    }
}
