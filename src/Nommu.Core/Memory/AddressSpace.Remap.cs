using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mremap(2). Differs: private mappings of files that have been written to do not move, and shared memory has no second mapping made of it (an old length of 0).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Grows, shrinks or moves a mapping.</summary>
    /// <returns>Where it is now; EINVAL, EFAULT, ENOMEM.</returns>
    internal Result<ulong> Remap(ulong old, ulong oldLength, ulong newLength, RemapFlags flags, ulong target)
    {
        const RemapFlags Known = RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED | RemapFlags.MREMAP_DONTUNMAP;
        var isFixed = (flags & (RemapFlags.MREMAP_FIXED | RemapFlags.MREMAP_DONTUNMAP)) != 0;
        if ((flags & ~Known) != 0 || (isFixed && (flags & RemapFlags.MREMAP_MAYMOVE) == 0) || (old & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        var from = Arena.PageUp(oldLength);
        var to = Arena.PageUp(newLength);
        if (to == 0 || to < newLength || from < oldLength || ((flags & RemapFlags.MREMAP_DONTUNMAP) != 0 && from != to))
            return Errno.EINVAL;
        if ((flags & RemapFlags.MREMAP_FIXED) != 0 && ((target & (Arena.PageSize - 1)) != 0 || !Arena.Contains(target, to) || (target < old + from && old < target + to)))
            return Errno.EINVAL;
        lock (_lock)
            return RemapLocked(old, from, to, flags, target);
    }

    private Result<ulong> RemapLocked(ulong old, ulong from, ulong to, RemapFlags flags, ulong target)
    {
        if (Find(old) is not { } area)
            return Errno.EFAULT;
        if (from == 0)
            return Errno.EINVAL;
        if (area.Backing == VmBacking.Borrowed)
            return Errno.EINVAL;
        var mustMove = (flags & (RemapFlags.MREMAP_FIXED | RemapFlags.MREMAP_DONTUNMAP)) != 0;
        if (!mustMove && to <= from)
        {
            if (to < from)
                UnmapLocked(old + to, old + from);
            return old;
        }
        if (area.End < old + from)
            return Errno.EFAULT;
        if (!mustMove && area.End == old + from && TryGrowInPlace(area, to - from))
            return old;
        return (flags & RemapFlags.MREMAP_MAYMOVE) == 0 ? Errno.ENOMEM : MoveLocked(old, from, to, flags, target);
    }

    private bool TryGrowInPlace(VmArea area, ulong more)
    {
        if (area.Mapping is not null || area.Name == StackName || InBrkReserve(area.Start) || AnyBetween(area.End, area.End + more))
            return false;
        var request = new MapRequest(area.End, more, area.Protection, MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED | (area.IsShared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE)) { Name = area.Name };
        return Arena.Contains(area.End, more) && MapAnonymous(request, more).IsOk;
    }

    private Result<ulong> MoveLocked(ulong old, ulong from, ulong to, RemapFlags flags, ulong target)
    {
        SplitAt(old);
        SplitAt(old + from);
        var area = Find(old)!;
        var isFixed = (flags & RemapFlags.MREMAP_FIXED) != 0;
        var kind = (isFixed ? MapFlags.MAP_FIXED : MapFlags.None) | (area.IsShared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE);
        // What the file still has is mapped anew; all else gets a place of its own with the protection it has, and its contents moved there.
        var isMappedAnew = area.Mapping is not null && (area.IsShared || (area.Flags & VmFlags.Written) == 0);
        if (area.Mapping is not null && !isMappedAnew)
            return Errno.ENOMEM;
        var place = isFixed ? target : 0;
        var placed = isMappedAnew
            ? MapFile(new MapRequest(place, to, area.Protection, kind, area.File, (long)area.Offset) { Watcher = area.Mapping!.Watcher }, to)
            : MapAnonymous(new MapRequest(place, to, area.Backing == VmBacking.Reserved ? area.Protection : area.Protection | ReadWrite, kind | MapFlags.MAP_ANONYMOUS) { Name = area.Name }, to);
        if (!placed.TryGet(out var address))
            return placed;
        var error = isMappedAnew ? Errno.None : MoveContents(area, address, Math.Min(from, to), to);
        if (error != Errno.None)
        {
            UnmapLocked(address, address + to);
            return error;
        }
        if ((flags & RemapFlags.MREMAP_DONTUNMAP) == 0)
            UnmapLocked(old, old + from);
        else if (!isMappedAnew)
            return DropContents(area) is var dropped && dropped == Errno.None ? address : dropped;
        return address;
    }

    private Errno MoveContents(VmArea area, ulong target, ulong length, ulong targetLength)
    {
        if (area.Backing == VmBacking.Reserved)
            return Errno.None;
        if ((area.Protection & MapProtection.PROT_READ) == 0 && HostMemory.Protect(area.Start, area.Length, area.Protection | MapProtection.PROT_READ) is var error && error != Errno.None)
            return error;
        if (length <= ClearByHand || HostMemory.Move(area.Start, length, target) != Errno.None)
            HostMemory.Copy(area.Start, target, length);
        return (area.Protection & ReadWrite) == ReadWrite ? Errno.None : ProtectLocked(target, target + targetLength, area.Protection);
    }
}
