using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>mremap(2): what it asks, and growing and shrinking in place. Differs: program text that was written to does not move.</summary>
internal sealed partial class AddressSpace
{
    private const RemapFlags ToPlace = RemapFlags.MREMAP_FIXED | RemapFlags.MREMAP_DONTUNMAP;

    /// <summary>Linux: <c>TASK_SIZE</c>.</summary>
    internal const ulong TaskSize = (1UL << 47) - Arena.PageSize;

    /// <summary>Grows, shrinks or moves a mapping.</summary>
    /// <returns>Where it is now; EINVAL, EFAULT, ENOMEM.</returns>
    internal Result<ulong> Remap(ulong old, ulong oldLength, ulong newLength, RemapFlags flags, ulong target) => Remap(old, oldLength, newLength, flags, target, MemoryLimits.None);

    /// <summary>Grows, shrinks or moves a mapping.</summary>
    /// <returns>Where it is now; EINVAL, EFAULT, EAGAIN, ENOMEM.</returns>
    internal Result<ulong> Remap(ulong old, ulong oldLength, ulong newLength, RemapFlags flags, ulong target, in MemoryLimits limits)
    {
        const RemapFlags Known = RemapFlags.MREMAP_MAYMOVE | ToPlace;
        if ((flags & ~Known) != 0 || ((flags & ToPlace) != 0 && (flags & RemapFlags.MREMAP_MAYMOVE) == 0) || (old & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        var from = Arena.PageUp(oldLength);
        var to = Arena.PageUp(newLength);
        if (to == 0 || to < newLength || from < oldLength || ((flags & RemapFlags.MREMAP_DONTUNMAP) != 0 && from != to))
            return Errno.EINVAL;
        lock (_lock)
        {
            if (Find(old) is not { } area)
                return Errno.EFAULT;
            if (old + from > old)
                BeforeChange(old, old + from);
            if ((flags & ToPlace) != 0)
                return RemapTo(old, from, to, flags, target, limits);
            if (to <= from)
            {
                if (to < from)
                    UnmapLocked(old + to, old + from);
                return old;
            }
            var error = CheckGrowth(area, old, from, to, limits);
            if (error != Errno.None)
                return error;
            if (from != 0 && area.End == old + from && TryGrowInPlace(area, to - from))
                return old;
            return (flags & RemapFlags.MREMAP_MAYMOVE) == 0 ? Errno.ENOMEM : MoveLocked(area, old, from, to, flags, 0);
        }
    }

    /// <summary>Linux: <c>mremap_to</c>.</summary>
    private Result<ulong> RemapTo(ulong old, ulong from, ulong to, RemapFlags flags, ulong target, in MemoryLimits limits)
    {
        if ((target & (Arena.PageSize - 1)) != 0 || to > TaskSize || target > TaskSize - to || (old + from > target && target + to > old))
            return Errno.EINVAL;
        if ((flags & RemapFlags.MREMAP_FIXED) != 0)
        {
            var refused = CheckFixed(new MapRequest(target, to, MapProtection.PROT_NONE, MapFlags.MAP_FIXED), to);
            if (refused != Errno.None)
                return refused;
            UnmapLocked(target, target + to);
        }
        if (from > to)
        {
            UnmapLocked(old + to, old + from);
            from = to;
        }
        if (Find(old) is not { } area)
            return Errno.EFAULT;
        var error = CheckGrowth(area, old, from, to, limits);
        if (error == Errno.None && (flags & RemapFlags.MREMAP_DONTUNMAP) != 0 && !MayExpand(limits, (long)(from / Arena.PageSize), IsData(area.Protection, area.Flags)))
            error = Errno.ENOMEM;
        return error == Errno.None ? MoveLocked(area, old, from, to, flags, target) : error;
    }

    /// <summary>Linux: <c>vma_to_resize</c>.</summary>
    private Errno CheckGrowth(VmArea area, ulong old, ulong from, ulong to, in MemoryLimits limits)
    {
        if (area.Backing == VmBacking.Borrowed || (from == 0 && (!area.IsShared || area.Mapping is null)))
            return Errno.EINVAL;
        if (from > area.End - old)
            return Errno.EFAULT;
        if (to <= from)
            return Errno.None;
        var more = (long)((to - from) / Arena.PageSize);
        if ((area.Flags & VmFlags.Locked) != 0 && !MayLock(limits, more))
            return Errno.EAGAIN;
        return MayExpand(limits, more, IsData(area.Protection, area.Flags)) ? Errno.None : Errno.ENOMEM;
    }

    private bool TryGrowInPlace(VmArea area, ulong more)
    {
        // What relatives have too and what is the process's alone would be two areas, where the program knows of one.
        if (area.Name == StackName || (IsInherited(area.Start) && !IsInherited(area.End)) || area.Text is not null || InBrkReserve(area.Start) || AnyBetween(area.End, area.End + more) || !Arena.Contains(area.End, more))
            return false;
        var request = Continuing(area, area.End, more, MapFlags.MAP_FIXED) with { Offset = (long)(area.Offset + area.Length) };
        if (area.Mapping is null)
            return MapAnonymous(request, more).IsOk;
        return area.Mapping.Pages is { } pages && area.Backing == VmBacking.HostFile && MapPages(request, more, pages).IsOk;
    }

    /// <summary>Asks for memory of an area's kind.</summary>
    private static MapRequest Continuing(VmArea area, ulong place, ulong length, MapFlags flags)
    {
        const VmFlags Carried = VmFlags.Locked | VmFlags.NoReserve | VmFlags.DontFork | VmFlags.DontDump | VmFlags.WipeOnFork | VmFlags.Sequential | VmFlags.Random | VmFlags.GrowsDown | VmFlags.Written;
        flags |= area.IsShared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
        return new MapRequest(place, length, area.Protection, area.Mapping is null ? flags | MapFlags.MAP_ANONYMOUS : flags, area.File, (long)area.Offset)
        {
            Name = area.Name is StackName or HeapName ? null : area.Name,
            Mapping = area.Backing == VmBacking.HostFile && area.Text is null ? area.Mapping : null,
            Watcher = area.Mapping?.Watcher,
            Carried = area.Flags & Carried,
        };
    }
}
