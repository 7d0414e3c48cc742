using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>brk(2). Differs: the heap grows into a reserve behind the image; where it ends, or something is mapped in it, brk says no and malloc turns to mmap.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>The loader hands over pages taken from the arena, with nothing behind them, as the heap's reserve.</summary>
    internal void SetBrkReserve(ulong start, ulong end)
    {
        lock (_lock)
            (StartBrk, CurrentBrk, _brkReserveEnd) = (start, start, end);
    }

    /// <summary>Moves the heap's end.</summary>
    /// <param name="address">Where to; anything impossible leaves it.</param>
    /// <returns>The heap's end.</returns>
    internal ulong Brk(ulong address) => Brk(address, MemoryLimits.None);

    /// <summary>Moves the heap's end.</summary>
    /// <param name="address">Where to; anything impossible leaves it.</param>
    /// <param name="limits">Whose it is.</param>
    /// <returns>The heap's end.</returns>
    internal ulong Brk(ulong address, in MemoryLimits limits)
    {
        lock (_lock)
        {
            if (address < StartBrk || address > _brkReserveEnd || address - StartBrk + (Layout.EndData - Layout.StartData) > limits.Data)
                return CurrentBrk;
            var old = Arena.PageUp(CurrentBrk);
            var wanted = Arena.PageUp(address);
            if (wanted < old)
                UnmapLocked(wanted, old);
            else if (wanted > old && !TryGrowHeap(old, wanted, limits))
                return CurrentBrk;
            return CurrentBrk = address;
        }
    }

    private bool TryGrowHeap(ulong start, ulong end, in MemoryLimits limits)
    {
        var pages = (long)((end - start) / Arena.PageSize);
        if (AnyBetween(start, end) || (LocksFuture && !MayLock(limits, pages)) || !MayExpand(limits, pages, isData: true) || !Arena.TryCharge(pages))
            return false;
        BeforeChange(start, end);
        if (HostMemory.Protect(start, end - start, ReadWrite) != Errno.None)
        {
            Arena.Uncharge(pages);
            return false;
        }
        Insert(new VmArea { Start = start, End = end, Protection = ReadWrite, Flags = VmFlags.Charged | (LocksFuture ? VmFlags.Locked : VmFlags.None), Backing = VmBacking.Anonymous, Name = HeapName });
        if (LocksFuture && !_locksWhenTouched)
            _ = PopulateLocked(start, end);
        return true;
    }
}
