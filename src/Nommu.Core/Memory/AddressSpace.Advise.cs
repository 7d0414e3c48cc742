using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>madvise(2), msync(2) and mincore(2).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>madvise(2). What is advice alone is taken note of by nobody.</summary>
    /// <returns>EINVAL; ENOMEM where something is not mapped, after all the rest has been done.</returns>
    internal Errno Advise(ulong start, ulong length, MemoryAdvice advice)
    {
        if (!IsAdvice(advice))
            return Errno.EINVAL;
        return Walk(start, length, advice, static (space, area, advice) => space.AdviseArea(area, advice));
    }

    /// <summary>msync(2): all writes are in the file already; what is left is the medium.</summary>
    internal Errno Sync(ulong start, ulong length, MsyncFlags flags)
    {
        const MsyncFlags Known = MsyncFlags.MS_ASYNC | MsyncFlags.MS_INVALIDATE | MsyncFlags.MS_SYNC;
        if ((flags & ~Known) != 0 || (flags & (MsyncFlags.MS_ASYNC | MsyncFlags.MS_SYNC)) == (MsyncFlags.MS_ASYNC | MsyncFlags.MS_SYNC))
            return Errno.EINVAL;
        if ((start & (Arena.PageSize - 1)) == 0 && start + Arena.PageUp(length) < start)
            return Errno.ENOMEM;
        return Walk(start, Arena.PageUp(length), flags, static (_, area, flags) =>
            (flags & MsyncFlags.MS_INVALIDATE) != 0 && (area.Flags & VmFlags.Locked) != 0 ? Errno.EBUSY
            : (flags & MsyncFlags.MS_SYNC) != 0 && area.IsShared && area.File is { } file ? file.Fsync(dataOnly: true) : Errno.None);
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
        if (ChangesPages(advice))
            BeforeChange(area.Start, area.End);
        switch (advice)
        {
            case MemoryAdvice.MADV_DONTNEED or MemoryAdvice.MADV_FREE or MemoryAdvice.MADV_COLD or MemoryAdvice.MADV_PAGEOUT or MemoryAdvice.MADV_GUARD_INSTALL when (area.Flags & VmFlags.Locked) != 0:
                return Errno.EINVAL;
            case MemoryAdvice.MADV_DONTNEED or MemoryAdvice.MADV_DONTNEED_LOCKED:
                return DropContents(area);
            case MemoryAdvice.MADV_FREE:
                return area.Mapping is null && !area.IsShared ? DropContents(area) : Errno.EINVAL;
            case MemoryAdvice.MADV_REMOVE:
                if (area.File is not { } file || (area.Flags & VmFlags.Locked) != 0)
                    return Errno.EINVAL;
                if (!area.IsShared || (area.Flags & VmFlags.NeverWritable) != 0)
                    return Errno.EACCES;
                return file.Allocate(FallocateMode.FALLOC_FL_PUNCH_HOLE | FallocateMode.FALLOC_FL_KEEP_SIZE, (long)area.Offset, (long)area.Length);
            case MemoryAdvice.MADV_POPULATE_READ or MemoryAdvice.MADV_POPULATE_WRITE:
                return area.Backing == VmBacking.Borrowed ? Errno.EINVAL : HostMemory.Advise(area.Start, area.Length, advice);
            case MemoryAdvice.MADV_GUARD_INSTALL or MemoryAdvice.MADV_GUARD_REMOVE:
                return Guard(area, advice);
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

    private static bool ChangesPages(MemoryAdvice advice) => advice is MemoryAdvice.MADV_DONTNEED or MemoryAdvice.MADV_DONTNEED_LOCKED or MemoryAdvice.MADV_FREE or MemoryAdvice.MADV_POPULATE_WRITE
        or MemoryAdvice.MADV_GUARD_INSTALL or MemoryAdvice.MADV_GUARD_REMOVE;

    private static bool IsAdvice(MemoryAdvice advice) => advice is >= MemoryAdvice.MADV_NORMAL and <= MemoryAdvice.MADV_DONTNEED or >= MemoryAdvice.MADV_FREE and <= MemoryAdvice.MADV_DONTNEED_LOCKED
        or MemoryAdvice.MADV_GUARD_INSTALL or MemoryAdvice.MADV_GUARD_REMOVE;

    /// <summary>Guards are entries of the host's page table (Linux 6.13 and later), which stay through all but unmapping; an older host has none to give: EINVAL, as of any Linux that is older.</summary>
    private static Errno Guard(VmArea area, MemoryAdvice advice)
    {
        if (area.Backing == VmBacking.Borrowed)
            return Errno.EINVAL;
        var error = HostMemory.Advise(area.Start, area.Length, advice);
        if (error != Errno.None || advice == MemoryAdvice.MADV_GUARD_REMOVE)
            return error;
        area.Flags |= VmFlags.Guarded;
        if (area.Backing == VmBacking.Reserved)
            area.Backing = VmBacking.Anonymous;
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
