using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mmap(2): finding the place, and putting something there.</summary>
internal sealed partial class AddressSpace
{
    private const MapProtection ReadWrite = MapProtection.PROT_READ | MapProtection.PROT_WRITE;

    /// <summary>Linux: <c>mmap_min_addr</c>, its usual value.</summary>
    private const ulong LowestAddress = 65536;

    /// <summary>Up to here zeroing pages that are already ours and writable is cheaper than asking the host for new ones.</summary>
    private const ulong ClearByHand = 64 * Arena.PageSize;

    /// <summary>Maps memory or a file; access rights to the file have been checked.</summary>
    /// <returns>The address; ENOMEM, EEXIST, EINVAL, EPERM, ENODEV.</returns>
    internal Result<ulong> Map(in MapRequest request) => Map(request, MemoryLimits.None);

    /// <summary>Maps memory or a file; access rights to the file have been checked.</summary>
    /// <returns>The address; ENOMEM, EEXIST, EINVAL, EPERM, EAGAIN, ENODEV.</returns>
    internal Result<ulong> Map(in MapRequest request, in MemoryLimits limits)
    {
        var length = Arena.PageUp(request.Length);
        if (length == 0 || length < request.Length)
            return Errno.ENOMEM;
        lock (_lock)
        {
            var error = request.IsFixed ? CheckFixed(request, length) : Errno.None;
            if (error == Errno.None)
                error = CheckLimits(request, length, limits);
            if (error != Errno.None)
                return error;
            var mapped = request.File is null or IZeroMapping ? MapAnonymous(WithRoom(request, length), length) : MapFile(request, length);
            if (mapped.TryGet(out var address) && IsPopulated(request))
                _ = PopulateLocked(address, address + length);
            return mapped;
        }
    }

    /// <summary>The loader hands over pages taken from the arena, with nothing behind them, to map a program into.</summary>
    internal void AdoptReserved(ulong start, ulong end)
    {
        lock (_lock)
            Insert(new VmArea { Start = start, End = end, Protection = MapProtection.PROT_NONE, Backing = VmBacking.Reserved });
    }

    /// <summary>Shows the process pages that belong to the kernel. They can be unmapped, and not mapped over.</summary>
    internal void Borrow(ulong start, ulong end, MapProtection protection, string name)
    {
        lock (_lock)
            Insert(new VmArea { Start = start, End = end, Protection = protection, Backing = VmBacking.Borrowed, Name = name });
    }

    private Errno CheckFixed(in MapRequest request, ulong length)
    {
        var start = request.Address;
        if ((start & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (start < LowestAddress)
            return Errno.EPERM;
        if (!Arena.Contains(start, length))
            return Errno.ENOMEM;
        if ((request.Flags & MapFlags.MAP_FIXED_NOREPLACE) != 0 && AnyBetween(start, start + length))
            return Errno.EEXIST;
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < start + length; index++)
        {
            if (_areas[index].Backing == VmBacking.Borrowed)
                return Errno.ENOMEM;
        }
        return Errno.None;
    }

    private Result<ulong> MapAnonymous(in MapRequest request, ulong length)
    {
        var access = request.Protection & VmArea.AccessBits;
        var flags = AreaFlags(request);
        if (IsCharged(access, sharedFile: false))
            flags |= VmFlags.Charged;
        if ((access & MapProtection.PROT_EXEC) != 0)
            UsesVectorExtensions = true; // code that nobody has looked at may use anything
        if ((flags & VmFlags.Charged) != 0 && !Arena.TryCharge((long)(length / Arena.PageSize)))
            return Errno.ENOMEM;
        var isPooled = false;
        var placed = access == ReadWrite ? PlaceZeroed(request, length, out isPooled) : PlaceProtected(request, length, access);
        if (isPooled)
            flags |= VmFlags.Pooled;
        if (!placed.TryGet(out var address))
        {
            if ((flags & VmFlags.Charged) != 0)
                Arena.Uncharge((long)(length / Arena.PageSize));
            return placed.Error;
        }
        Insert(new VmArea
        {
            Start = address,
            End = address + length,
            Protection = access,
            Flags = flags,
            Backing = access == MapProtection.PROT_NONE ? VmBacking.Reserved : VmBacking.Anonymous,
            Name = request.Name,
        });
        return address;
    }

    private MapRequest WithRoom(in MapRequest request, ulong length)
    {
        if ((request.Flags & MapFlags.MAP_GROWSDOWN) == 0)
            return request;
        _hasGrowing = true;
        return IsAnywhere(request) && FindRoomToGrow(length) is not 0 and var address ? request with { Address = address } : request;
    }

    private static bool IsAnywhere(in MapRequest request) => !request.IsFixed && request.Address == 0;

    /// <param name="request">What is asked.</param>
    /// <param name="length">Whole pages.</param>
    /// <param name="isPooled">True where the pages are the arena's readable and writable ones.</param>
    private Result<ulong> PlaceZeroed(in MapRequest request, ulong length, out bool isPooled)
    {
        isPooled = IsAnywhere(request);
        if (isPooled && OpenGap(length) is not 0 and var opened)
        {
            isPooled = false;
            return opened;
        }
        if (isPooled && Arena.AllocateUsable(length) is not 0 and var usable)
            return usable;
        // A hole is a piece of something that was reserved as a whole, and goes back as such.
        if (isPooled && TakeGap(length) is not 0 and var gap)
        {
            isPooled = false;
            return MakeAccessible(gap, length);
        }
        if (isPooled)
            return ReservePages(length) is not 0 and var reserved ? MakeAccessible(reserved, length) : Errno.ENOMEM;
        if (request.IsFixed && length <= ClearByHand && IsAllRecyclable(request.Address, request.Address + length))
        {
            Forget(request.Address, request.Address + length);
            HostMemory.Clear(request.Address, length);
            return request.Address;
        }
        return PlaceProtected(request, length, ReadWrite);
    }

    private Result<ulong> MakeAccessible(ulong address, ulong length)
    {
        var error = HostMemory.Protect(address, length, ReadWrite);
        if (error == Errno.None)
            return address;
        GiveBack(address, address + length);
        return error;
    }

    private Result<ulong> PlaceProtected(in MapRequest request, ulong length, MapProtection access)
    {
        var place = Place(request, length, out var replaces);
        if (!place.TryGet(out var address))
            return place;
        var error = replaces ? HostMemory.MapAnonymous(address, length, access)
            : access == MapProtection.PROT_NONE ? Errno.None
            : HostMemory.Protect(address, length, access);
        if (error == Errno.None)
            return address;
        GiveBack(address, address + length);
        return error;
    }

    /// <summary>Finds and takes the place for a mapping; what was there is unmapped, but the host's pages are left for the caller to replace.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="length">Whole pages.</param>
    /// <param name="replaces">True where the host may have something there; else nothing is behind the pages.</param>
    private Result<ulong> Place(in MapRequest request, ulong length, out bool replaces)
    {
        replaces = request.IsFixed;
        var start = request.IsFixed ? request.Address : Arena.PageDown(request.Address);
        if (!request.IsFixed)
        {
            if (start != 0 && Arena.Contains(start, length) && !AnyBetween(start, start + length) && !IsInStackGap(start + length) && HeapPart(start, start + length).Start == start + length && TryTakeGaps(start, start + length))
                return start;
            return ReservePages(length) is not 0 and var address ? address : Errno.ENOMEM;
        }
        if (!TryTakeGaps(start, start + length))
            return (request.Flags & MapFlags.MAP_FIXED_NOREPLACE) != 0 ? Errno.EEXIST : Errno.ENOMEM;
        Forget(start, start + length);
        return start;
    }

    /// <summary>Takes what between two addresses is not ours yet.</summary>
    /// <returns>False when another process has some of it; then nothing is taken.</returns>
    private bool TryTakeGaps(ulong start, ulong end)
    {
        for (var at = start; at < end;)
        {
            var gapEnd = OwnedEnd(at, end, out var owned);
            if (!owned && !Arena.TryReserve(at, gapEnd - at))
            {
                for (var back = start; back < at;)
                {
                    var backEnd = OwnedEnd(back, at, out owned);
                    if (!owned)
                        Arena.Free(back, backEnd - back);
                    back = backEnd;
                }
                return false;
            }
            at = gapEnd;
        }
        CloseGaps(start, end);
        BeforeChange(start, end);
        return true;
    }

    /// <summary>How far the pages from an address on are all ours, or all not.</summary>
    private ulong OwnedEnd(ulong at, ulong end, out bool owned)
    {
        var index = IndexAtOrAfter(at);
        owned = true;
        if (index < _areas.Count && _areas[index].Start <= at)
            return Math.Min(_areas[index].End, end);
        if (InBrkReserve(at))
            return Math.Min(_brkReserveEnd, end);
        var gap = _gaps.IndexAtOrAfter(at);
        if (gap < _gaps.Count && _gaps[gap].Start <= at)
            return Math.Min(_gaps[gap].End, end);
        owned = false;
        if (gap < _gaps.Count)
            end = Math.Min(end, _gaps[gap].Start);
        if (index < _areas.Count)
            end = Math.Min(end, _areas[index].Start);
        return at < StartBrk ? Math.Min(end, StartBrk) : end;
    }

    private bool IsAllRecyclable(ulong start, ulong end)
    {
        for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start <= start; index++)
        {
            if (!_areas[index].IsRecyclable)
                return false;
            start = _areas[index].End;
            if (start >= end)
                return true;
        }
        return false;
    }

    private bool IsPopulated(in MapRequest request) =>
        (request.Flags & (MapFlags.MAP_POPULATE | MapFlags.MAP_NONBLOCK)) == MapFlags.MAP_POPULATE || (request.Flags & MapFlags.MAP_LOCKED) != 0 || (LocksFuture && !_locksWhenTouched);

    private VmFlags AreaFlags(in MapRequest request)
    {
        var flags = request.Carried | (request.IsShared ? VmFlags.Shared : VmFlags.None);
        if ((request.Flags & MapFlags.MAP_GROWSDOWN) != 0)
            flags |= VmFlags.GrowsDown;
        if (LocksFuture || (request.Flags & MapFlags.MAP_LOCKED) != 0)
            flags |= VmFlags.Locked;
        if ((request.Flags & MapFlags.MAP_NORESERVE) != 0)
            flags |= VmFlags.NoReserve;
        if (request.File is not null && (request.Protection & MapProtection.PROT_WRITE) != 0)
            flags |= VmFlags.Written;
        return flags;
    }

    /// <summary>Linux: <c>accountable_mapping</c>. Differs: MAP_NORESERVE counts as well, since there is no swap and no out-of-memory killer that would make good for it.</summary>
    private static bool IsCharged(MapProtection access, bool sharedFile) => !sharedFile && (access & MapProtection.PROT_WRITE) != 0;
}
