using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mprotect(2).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Changes the protection of whole pages.</summary>
    /// <returns>EINVAL, ENOMEM where something is not mapped (what lies before it has changed then, as in Linux), EACCES.</returns>
    internal Errno Protect(ulong start, ulong length, MapProtection protection) => Protect(start, length, protection, MemoryLimits.None);

    /// <summary>Changes the protection of whole pages.</summary>
    /// <returns>EINVAL, ENOMEM where something is not mapped or becomes more data than the limit (what lies before it has changed then, as in Linux), EACCES.</returns>
    internal Errno Protect(ulong start, ulong length, MapProtection protection, in MemoryLimits limits)
    {
        var grows = protection & (MapProtection.PROT_GROWSDOWN | MapProtection.PROT_GROWSUP);
        if (grows == (MapProtection.PROT_GROWSDOWN | MapProtection.PROT_GROWSUP) || (start & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (length == 0)
            return Errno.None;
        var pages = Arena.PageUp(length);
        if (pages < length || start + pages <= start)
            return Errno.ENOMEM;
        if ((protection & ~(VmArea.AccessBits | MapProtection.PROT_SEM | grows)) != 0)
            return Errno.EINVAL;
        lock (_lock)
        {
            if (grows != 0)
            {
                if (Find(start) is not { } area)
                    return Errno.ENOMEM;
                if (grows == MapProtection.PROT_GROWSUP || (area.Flags & VmFlags.GrowsDown) == 0)
                    return Errno.EINVAL;
                (start, pages) = (area.Start, start + pages - area.Start);
            }
            return ProtectLocked(start, start + pages, protection & VmArea.AccessBits, limits);
        }
    }

    private Errno ProtectLocked(ulong start, ulong end, MapProtection access) => ProtectLocked(start, end, access, MemoryLimits.None);

    private Errno ProtectLocked(ulong start, ulong end, MapProtection access, in MemoryLimits limits)
    {
        BeforeChange(start, end);
        SplitAt(start);
        SplitAt(end);
        var error = Errno.None;
        var at = start;
        for (var index = IndexAtOrAfter(start); at < end && error == Errno.None; index++)
        {
            if (index >= _areas.Count || _areas[index].Start != at)
                error = Errno.ENOMEM;
            else if (limits.Data != ulong.MaxValue && IsData(access, _areas[index].Flags) && !IsData(_areas[index].Protection, _areas[index].Flags) && !MayExpand(limits, _areas[index].Pages, isData: true))
                error = Errno.ENOMEM;
            else if ((error = ProtectArea(_areas[index], access)) == Errno.None)
                at = _areas[index].End;
        }
        JoinBetween(start, end);
        return error;
    }

    private Errno ProtectArea(VmArea area, MapProtection access)
    {
        if (area.Protection == access)
            return Errno.None;
        if (area.Backing == VmBacking.Borrowed || ((access & MapProtection.PROT_WRITE) != 0 && (area.Flags & VmFlags.NeverWritable) != 0))
            return Errno.EACCES;
        // First, since it may cut the area and with it what is to be counted.
        var error = (access & ~area.Protection & MapProtection.PROT_EXEC) != 0 ? ExchangeText(area) : Errno.None;
        if (error != Errno.None)
            return error;
        var charge = (area.Flags & VmFlags.Charged) == 0 && IsCharged(access, area.IsShared && area.Mapping is not null);
        if (charge && !Arena.TryCharge(area.Pages))
            return Errno.ENOMEM;
        error = HostMemory.Protect(area.Start, area.Length, access);
        if (error != Errno.None)
        {
            if (charge)
                Arena.Uncharge(area.Pages);
            return error;
        }
        area.Protection = access;
        if (charge)
            area.Flags |= VmFlags.Charged;
        if ((access & MapProtection.PROT_WRITE) != 0 && area.Mapping is not null)
            area.Flags |= VmFlags.Written;
        if (area.Backing == VmBacking.Reserved)
            area.Backing = VmBacking.Anonymous;
        return Errno.None;
    }
}
