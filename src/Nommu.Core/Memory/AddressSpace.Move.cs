using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mremap(2): moving to another place.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Linux: <c>move_vma</c>. All that lies between is one area; a length of 0 makes a second mapping of what is shared.</summary>
    private Result<ulong> MoveLocked(VmArea area, ulong old, ulong from, ulong to, RemapFlags flags, ulong target)
    {
        if (area.Text is not null && (area.Flags & VmFlags.Written) != 0 && from != 0)
            return Errno.ENOMEM;
        area = CutOut(old, from);
        var moved = MapElsewhere(area, to, flags, target, out var holdsOwn);
        area = CutOut(old, from); // the new one may have been joined to it, here and below
        var error = moved.Error;
        if (moved.TryGet(out var address) && holdsOwn && from != 0 && (error = MoveContents(area, address, from, to)) != Errno.None)
            UnmapLocked(address, address + to);
        if (error == Errno.None && from != 0)
            error = LeaveBehind(CutOut(old, from), flags, holdsOwn);
        JoinBetween(old, old + from);
        return error == Errno.None ? address : error;
    }

    private VmArea CutOut(ulong start, ulong length)
    {
        SplitAt(start);
        if (length != 0)
            SplitAt(start + length);
        return Find(start)!;
    }

    /// <param name="area">What is to be moved.</param>
    /// <param name="length">How long it will be.</param>
    /// <param name="flags">What was asked.</param>
    /// <param name="target">The place, or a hint.</param>
    /// <param name="holdsOwn">True where it has contents that a new mapping of the same does not show.</param>
    private Result<ulong> MapElsewhere(VmArea area, ulong length, RemapFlags flags, ulong target, out bool holdsOwn)
    {
        var request = Continuing(area, target, length, (flags & RemapFlags.MREMAP_FIXED) != 0 ? MapFlags.MAP_FIXED : MapFlags.None);
        request = request with { Carried = request.Carried | (area.Flags & VmFlags.Guarded) };
        holdsOwn = (area.Flags & VmFlags.Guarded) != 0;
        if (area.Mapping is null)
        {
            holdsOwn |= area.Backing != VmBacking.Reserved && ((area.Flags & VmFlags.Charged) != 0 || _family is not null);
            return MapAnonymous(holdsOwn ? request with { Protection = area.Protection | ReadWrite } : request, length);
        }
        holdsOwn |= !area.IsShared && (area.Flags & VmFlags.Written) != 0;
        if (area.Backing == VmBacking.HostFile && area.Text is null && area.Mapping.Pages is { } pages)
            return MapPages(request, length, pages);
        return MapFile(request, length);
    }

    private Errno LeaveBehind(VmArea area, RemapFlags flags, bool holdsOwn)
    {
        if ((flags & RemapFlags.MREMAP_DONTUNMAP) == 0)
        {
            UnmapLocked(area.Start, area.End);
            return Errno.None;
        }
        area.Flags &= ~VmFlags.Locked;
        return holdsOwn ? DropContents(area) : Errno.None;
    }

    private Errno MoveContents(VmArea area, ulong target, ulong length, ulong targetLength)
    {
        var isCopied = area.Mapping is null && (area.Flags & VmFlags.Guarded) == 0;
        if (isCopied && length <= ClearByHand)
            return CopyContents(area, target, length, targetLength);
        var error = MovePages(area.Start, length, target);
        if (error != Errno.None)
            return isCopied ? CopyContents(area, target, length, targetLength) : Errno.ENOMEM;
        // A move takes the protection along, which is that of the rest of a file already; the rest of anonymous memory is open still.
        return area.Mapping is null && (area.Protection & ReadWrite) != ReadWrite ? ProtectLocked(target, target + targetLength, area.Protection) : Errno.None;
    }

    private Errno CopyContents(VmArea area, ulong target, ulong length, ulong targetLength)
    {
        var isReadable = (area.Protection & MapProtection.PROT_READ) != 0;
        if (!isReadable && HostMemory.Protect(area.Start, area.Length, area.Protection | MapProtection.PROT_READ) is var error && error != Errno.None)
            return error;
        HostMemory.Copy(area.Start, target, length);
        if (!isReadable)
            _ = HostMemory.Protect(area.Start, area.Length, area.Protection); // they go, or have nothing to tell
        return (area.Protection & ReadWrite) == ReadWrite ? Errno.None : ProtectLocked(target, target + targetLength, area.Protection);
    }

    /// <summary>Moves pages that are one area here; the host, which may have several there, moves out of only one at a time.</summary>
    private static Errno MovePages(ulong from, ulong length, ulong target)
    {
        var error = HostMemory.Move(from, length, target);
        if (error != Errno.EFAULT || length == Arena.PageSize)
            return error;
        var half = Arena.PageUp(length / 2);
        error = MovePages(from, half, target);
        return error == Errno.None ? MovePages(from + half, length - half, target + half) : error;
    }
}
