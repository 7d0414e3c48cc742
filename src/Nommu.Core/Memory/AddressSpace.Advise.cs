using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>madvise(2), msync(2), mincore(2) and mlock(2).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>mlockall(MCL_FUTURE): what is mapped from now on counts as locked. Nothing is ever written out, so that is all it does.</summary>
    internal bool LocksFuture { get; set; }

    /// <summary>madvise(2). What is advice alone is taken note of by nobody.</summary>
    /// <returns>EINVAL; ENOMEM where something is not mapped, after all the rest has been done.</returns>
    internal Errno Advise(ulong start, ulong length, MemoryAdvice advice)
    {
        if (advice is < MemoryAdvice.MADV_NORMAL or > MemoryAdvice.MADV_DONTNEED_LOCKED or > MemoryAdvice.MADV_DONTNEED and < MemoryAdvice.MADV_FREE)
            return Errno.EINVAL;
        return Walk(start, length, advice, static (space, area, advice) => space.AdviseArea(area, advice));
    }

    /// <summary>msync(2): all writes are in the file already; what is left is the medium.</summary>
    internal Errno Sync(ulong start, ulong length, MsyncFlags flags)
    {
        const MsyncFlags Known = MsyncFlags.MS_ASYNC | MsyncFlags.MS_INVALIDATE | MsyncFlags.MS_SYNC;
        if ((flags & ~Known) != 0 || (flags & (MsyncFlags.MS_ASYNC | MsyncFlags.MS_SYNC)) == (MsyncFlags.MS_ASYNC | MsyncFlags.MS_SYNC))
            return Errno.EINVAL;
        return Walk(start, length, flags, static (_, area, flags) =>
            (flags & MsyncFlags.MS_INVALIDATE) != 0 && (area.Flags & VmFlags.Locked) != 0 ? Errno.EBUSY
            : (flags & MsyncFlags.MS_SYNC) != 0 && area.IsShared && area.File is { } file ? file.Fsync(dataOnly: true) : Errno.None);
    }

    /// <summary>mlock(2) and munlock(2).</summary>
    internal Errno SetLocked(ulong start, ulong length, bool locked)
    {
        var first = Arena.PageDown(start);
        return Walk(first, length + (start - first), locked, static (_, area, locked) =>
        {
            area.Flags = locked ? area.Flags | VmFlags.Locked : area.Flags & ~VmFlags.Locked;
            return Errno.None;
        });
    }

    /// <summary>mlockall(2) and munlockall(2), for what is mapped.</summary>
    internal void SetAllLocked(bool locked)
    {
        lock (_lock)
        {
            foreach (var area in _areas)
                area.Flags = locked ? area.Flags | VmFlags.Locked : area.Flags & ~VmFlags.Locked;
        }
    }

    /// <summary>mincore(2) for a few pages.</summary>
    /// <returns>ENOMEM where something is not mapped.</returns>
    internal Errno Resident(ulong start, Span<byte> pages)
    {
        lock (_lock)
        {
            var end = start + ((ulong)pages.Length * Arena.PageSize);
            for (var at = start; at < end;)
            {
                if (Find(at) is not { } area)
                    return Errno.ENOMEM;
                at = area.End;
            }
            return HostMemory.Resident(start, end - start, pages);
        }
    }

    private Errno Walk<T>(ulong start, ulong length, T argument, Func<AddressSpace, VmArea, T, Errno> visit)
    {
        var pages = Arena.PageUp(length);
        if ((start & (Arena.PageSize - 1)) != 0 || pages < length || start + pages < start)
            return Errno.EINVAL;
        if (pages == 0)
            return Errno.None;
        lock (_lock)
        {
            var end = start + pages;
            SplitAt(start);
            SplitAt(end);
            var result = Errno.None;
            var at = start;
            for (var index = IndexAtOrAfter(start); index < _areas.Count && _areas[index].Start < end; index++)
            {
                if (_areas[index].Start != at)
                    result = Errno.ENOMEM;
                var error = visit(this, _areas[index], argument);
                if (error != Errno.None)
                {
                    result = error;
                    break;
                }
                at = _areas[index].End;
            }
            if (result == Errno.None && at < end)
                result = Errno.ENOMEM;
            JoinBetween(start, end);
            return result;
        }
    }

    private Errno AdviseArea(VmArea area, MemoryAdvice advice)
    {
        switch (advice)
        {
            case MemoryAdvice.MADV_DONTNEED when (area.Flags & VmFlags.Locked) != 0:
                return Errno.EINVAL;
            case MemoryAdvice.MADV_DONTNEED or MemoryAdvice.MADV_DONTNEED_LOCKED:
                return DropContents(area);
            case MemoryAdvice.MADV_FREE:
                return area.Mapping is null && !area.IsShared ? DropContents(area) : Errno.EINVAL;
            case MemoryAdvice.MADV_REMOVE:
                if (!area.IsShared || area.Mapping is null || !area.IsWritable || (area.Flags & VmFlags.Locked) != 0)
                    return Errno.EINVAL;
                return HostMemory.Advise(area.Start, area.Length, MemoryAdvice.MADV_REMOVE);
            case MemoryAdvice.MADV_POPULATE_READ or MemoryAdvice.MADV_POPULATE_WRITE:
                return area.Backing == VmBacking.Reserved ? Errno.EFAULT : HostMemory.Advise(area.Start, area.Length, advice);
            case MemoryAdvice.MADV_WIPEONFORK when area.Mapping is not null || area.IsShared:
                return Errno.EINVAL;
        }
        area.Flags = advice switch
        {
            MemoryAdvice.MADV_DONTFORK => area.Flags | VmFlags.DontFork,
            MemoryAdvice.MADV_DOFORK => area.Flags & ~VmFlags.DontFork,
            MemoryAdvice.MADV_DONTDUMP => area.Flags | VmFlags.DontDump,
            MemoryAdvice.MADV_DODUMP => area.Flags & ~VmFlags.DontDump,
            MemoryAdvice.MADV_WIPEONFORK => area.Flags | VmFlags.WipeOnFork,
            MemoryAdvice.MADV_KEEPONFORK => area.Flags & ~VmFlags.WipeOnFork,
            MemoryAdvice.MADV_NORMAL => area.Flags & ~(VmFlags.Sequential | VmFlags.Random),
            MemoryAdvice.MADV_SEQUENTIAL => (area.Flags | VmFlags.Sequential) & ~VmFlags.Random,
            MemoryAdvice.MADV_RANDOM => (area.Flags | VmFlags.Random) & ~VmFlags.Sequential,
            _ => area.Flags,
        };
        return Errno.None;
    }

    /// <summary>Private pages are what they were before anybody wrote to them: zero, or the file's. Shared memory keeps its contents.</summary>
    private Errno DropContents(VmArea area)
    {
        switch (area.Backing)
        {
            case VmBacking.Borrowed:
                return Errno.EINVAL;
            case VmBacking.Reserved:
                return Errno.None;
            case VmBacking.HostFile:
                return HostMemory.Forget(area.Start, area.Length);
            default:
                if (area.IsShared)
                    return Errno.None;
                if (area.Mapping is null)
                    return HostMemory.Forget(area.Start, area.Length);
                break;
        }
        // A copy of a file: unless it was written to it is what the file was.
        if ((area.Flags & VmFlags.Written) == 0)
            return Errno.None;
        if (!area.IsWritable)
            return Errno.EINVAL;
        var error = HostMemory.Forget(area.Start, area.Length);
        return error == Errno.None ? CopyIn(area.Mapping.File, area.Start, (long)area.Length, (long)area.Offset) : error;
    }
}
