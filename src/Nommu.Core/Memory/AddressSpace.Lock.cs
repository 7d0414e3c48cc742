using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mlock(2) and its kin. Nothing is ever written out here, so to lock is to count, and to have the pages come.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>mlockall(MCL_FUTURE): what is mapped from now on is locked.</summary>
    internal bool LocksFuture { get; private set; }

    /// <summary>mlockall(MCL_ONFAULT): it comes when it is touched.</summary>
    private bool _locksWhenTouched;

    /// <summary>mlock(2).</summary>
    /// <param name="start">Any address.</param>
    /// <param name="length">In bytes.</param>
    /// <param name="whenTouched">MLOCK_ONFAULT: pages come when they are touched.</param>
    /// <param name="limits">Whose they are.</param>
    /// <returns>EPERM, EINVAL; ENOMEM beyond the limit, or where something is not mapped (what lies before it is locked then) or can't be touched.</returns>
    internal Errno LockPages(ulong start, ulong length, bool whenTouched, in MemoryLimits limits)
    {
        if (!limits.MayLock)
            return Errno.EPERM;
        var first = Arena.PageDown(start);
        var end = first + Arena.PageUp(length + (start - first));
        lock (_lock)
        {
            var pages = (long)((end - first) / Arena.PageSize);
            if (!MayLock(limits, pages) && !MayLock(limits, pages - CountBetween(first, end, static area => (area.Flags & VmFlags.Locked) != 0)))
                return Errno.ENOMEM;
            var error = SetLocked(first, end, true);
            return error == Errno.None && !whenTouched ? PopulateLocked(first, end) : error;
        }
    }

    /// <summary>munlock(2).</summary>
    /// <returns>EINVAL; ENOMEM where something is not mapped.</returns>
    internal Errno UnlockPages(ulong start, ulong length)
    {
        var first = Arena.PageDown(start);
        lock (_lock)
            return SetLocked(first, first + Arena.PageUp(length + (start - first)), false);
    }

    /// <summary>mlockall(2).</summary>
    /// <returns>EPERM; ENOMEM where all that is mapped is more than the limit.</returns>
    internal Errno LockAll(MlockallFlags flags, in MemoryLimits limits)
    {
        if (!limits.MayLock)
            return Errno.EPERM;
        var current = (flags & MlockallFlags.MCL_CURRENT) != 0;
        lock (_lock)
        {
            if (current && limits.Locked != ulong.MaxValue && !IsWithin(limits.Locked, CountPages(static _ => true)))
                return Errno.ENOMEM;
            LocksFuture = (flags & MlockallFlags.MCL_FUTURE) != 0;
            _locksWhenTouched = (flags & MlockallFlags.MCL_ONFAULT) != 0;
            if (!current)
                return Errno.None;
            foreach (var area in _areas)
                SetLocked(area, true);
            if (!_locksWhenTouched)
                _ = PopulateLocked(0, ulong.MaxValue);
            return Errno.None;
        }
    }

    /// <summary>munlockall(2).</summary>
    internal void UnlockAll()
    {
        lock (_lock)
        {
            LocksFuture = false;
            foreach (var area in _areas)
                SetLocked(area, false);
        }
    }

    /// <summary>Linux: <c>apply_vma_lock_flags</c>.</summary>
    private Errno SetLocked(ulong start, ulong end, bool locked)
    {
        if (end < start)
            return Errno.EINVAL;
        SplitAt(start);
        SplitAt(end);
        var at = start;
        for (var index = IndexAtOrAfter(start); at < end && index < _areas.Count && _areas[index].Start == at; index++)
        {
            SetLocked(_areas[index], locked);
            at = _areas[index].End;
        }
        JoinBetween(start, end);
        return at < end ? Errno.ENOMEM : Errno.None;
    }

    private static void SetLocked(VmArea area, bool locked)
    {
        if (area.Backing != VmBacking.Borrowed)
            area.Flags = locked ? area.Flags | VmFlags.Locked : area.Flags & ~VmFlags.Locked;
    }

    /// <summary>Linux: <c>__mm_populate</c>. Has the host bring pages before they are touched.</summary>
    /// <returns>ENOMEM where they can't be touched.</returns>
    private Errno PopulateLocked(ulong start, ulong end)
    {
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < end; index++)
        {
            var area = _areas[index];
            if (area.Backing == VmBacking.Borrowed)
                continue;
            if ((area.Protection & VmArea.AccessBits) == MapProtection.PROT_NONE)
                return Errno.ENOMEM;
            var from = Math.Max(start, area.Start);
            OpenStackWithin(from, Math.Min(end, area.End));
            var advice = area.IsWritable && !area.IsShared && _family is null ? MemoryAdvice.MADV_POPULATE_WRITE : MemoryAdvice.MADV_POPULATE_READ;
            if (HostMemory.Advise(from, Math.Min(end, area.End) - from, advice) is Errno.EFAULT or Errno.ENOMEM)
                return Errno.ENOMEM;
        }
        return Errno.None;
    }
}
