using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mmap(2) of files.</summary>
internal sealed partial class AddressSpace
{
    private const int CopyPiece = 64 << 10;

    private Result<ulong> MapFile(in MapRequest request, ulong length)
    {
        var isExecutable = (request.Protection & MapProtection.PROT_EXEC) != 0;
        if (request.IsShared && isExecutable)
            UsesVectorExtensions = true; // code that nobody has looked at may use anything
        if (request.IsShared || !isExecutable || _hasOwnGs)
            return MapAsItIs(request, length);
        var segment = _texts?.Find(request.File!, request.Offset, length);
        try
        {
            if (segment is { UsesGs: true })
                return TakeGs() is var failed and not Errno.None ? failed : MapAsItIs(request, length);
            if (segment is not null && segment.Covers(request.Offset, length))
                return MapText(request, length, segment, 0);
        }
        finally
        {
            segment?.Release();
        }
        if (segment is null || (request.Protection & MapProtection.PROT_WRITE) != 0)
        {
            UsesVectorExtensions = true;
            return MapAsItIs(request, length);
        }
        var mapped = MapAsItIs(request with { Protection = MapProtection.PROT_READ }, length);
        if (!mapped.TryGet(out var address))
            return mapped;
        var error = ProtectLocked(address, address + length, request.Protection & VmArea.AccessBits);
        if (error == Errno.None)
            return address;
        UnmapLocked(address, address + length);
        return error;
    }

    private Result<ulong> MapAsItIs(in MapRequest request, ulong length)
    {
        if (request.File!.Pages is { } pages)
            return MapPages(request, length, pages);
        return request.IsShared || request.File.Inode is not RegularInode ? Errno.ENODEV : MapCopy(request, length);
    }

    /// <summary>Maps the pages of the host's file that are those of the guest's.</summary>
    private Result<ulong> MapPages(in MapRequest request, ulong length, IMappable pages)
    {
        var opened = request.Mapping is { } known ? known.Retain() : OpenMapping(request, pages);
        if (!opened.TryGet(out var mapping))
            return opened.Error;
        var access = request.Protection & VmArea.AccessBits;
        var flags = AreaFlags(request);
        if (request.IsShared && !mapping.IsForWriting)
            flags |= VmFlags.NeverWritable;
        if (IsCharged(access, request.IsShared))
            flags |= VmFlags.Charged;
        var runs = new List<MappedRun>();
        var error = pages.Locate(request.Offset, (long)length, runs);
        var placed = error == Errno.None ? PlacePages(request, length, pages, runs, flags) : error;
        if (!placed.TryGet(out var address))
        {
            mapping.Release();
            return placed.Error == Errno.ENOSPC ? Errno.ENOMEM : placed.Error;
        }
        if (mapping.IsForWriting)
            request.File!.Inode.TouchModified();
        Insert(new VmArea
        {
            Start = address,
            End = address + length,
            Protection = access,
            Flags = flags,
            Backing = VmBacking.HostFile,
            Mapping = mapping,
            Offset = (ulong)request.Offset,
        });
        return address;
    }

    /// <returns>EPERM where the file is sealed against writing and the mapping is for it.</returns>
    private Result<FileMapping> OpenMapping(in MapRequest request, IMappable pages)
    {
        // As Linux's VM_MAYWRITE: what may become writable later counts as written from now on.
        var forWriting = request.IsShared && request.File!.CanWrite;
        var error = pages.Map(forWriting, this);
        if (error == Errno.EPERM && forWriting && (request.Protection & MapProtection.PROT_WRITE) == 0)
            error = pages.Map(forWriting = false, this);
        return error == Errno.None ? new FileMapping(request.File!, pages, forWriting, request.Watcher, this) : error;
    }

    private Result<ulong> PlacePages(in MapRequest request, ulong length, IMappable pages, List<MappedRun> runs, VmFlags flags)
    {
        var charge = (flags & VmFlags.Charged) != 0 ? (long)(length / Arena.PageSize) : 0;
        if (!Arena.TryCharge(charge))
            return Errno.ENOMEM;
        var placed = Place(request, length, out _);
        if (placed.TryGet(out var address))
        {
            var error = PutPages(address, length, request.Protection, request.IsShared, pages, runs);
            if (error == Errno.None)
                return address;
            GiveBack(address, address + length);
            placed = error;
        }
        Arena.Uncharge(charge);
        return placed;
    }

    private static Errno PutPages(ulong address, ulong length, MapProtection access, bool isShared, IMappable pages, List<MappedRun> runs)
    {
        ulong done = 0;
        foreach (var run in runs)
        {
            var error = HostMemory.MapFile(address + done, (ulong)run.Length, access, isShared, pages.Backing.Descriptor, run.BackingOffset);
            if (error != Errno.None)
                return error;
            done += (ulong)run.Length;
        }
        // Pages behind the end of one of the host's files are SIGBUS by themselves.
        return done < length ? HostMemory.MapFile(address + done, length - done, access, shared: false, pages.Backing.Descriptor, pages.Backing.Size) : Errno.None;
    }

    /// <summary>A private mapping of a file that the host can't map: its bytes as they are now, as nommu Linux does it (NOMMU_MAP_COPY).</summary>
    private Result<ulong> MapCopy(in MapRequest request, ulong length)
    {
        var pages = (long)(length / Arena.PageSize);
        if (!Arena.TryCharge(pages))
            return Errno.ENOMEM;
        var access = request.Protection & VmArea.AccessBits;
        var placed = PlaceZeroed(request, length, out var isPooled);
        var error = placed.Error;
        if (error == Errno.None)
        {
            error = CopyIn(request.File!, placed.Value, (long)request.Length, request.Offset);
            if (error == Errno.None && access != ReadWrite)
                error = HostMemory.Protect(placed.Value, length, access);
            if (error != Errno.None)
                GiveBack(placed.Value, placed.Value + length);
        }
        if (error != Errno.None)
        {
            Arena.Uncharge(pages);
            return error;
        }
        Insert(new VmArea
        {
            Start = placed.Value,
            End = placed.Value + length,
            Protection = access,
            Flags = AreaFlags(request) | VmFlags.Charged | (isPooled ? VmFlags.Pooled : VmFlags.None),
            Backing = VmBacking.Anonymous,
            Mapping = new FileMapping(request.File!),
            Offset = (ulong)request.Offset,
        });
        return placed;
    }

    private Errno CopyIn(FileDescription file, ulong address, long length, long offset)
    {
        while (length > 0)
        {
            var to = new IoVector(Memory, address, Math.Min(length, CopyPiece));
            var read = file.ReadAt(ref to, offset);
            if (!read.TryGet(out var count))
                return read.Error == Errno.EAGAIN ? Errno.EIO : Errno.ENODEV;
            if (count == 0)
                return Errno.None;
            (address, length, offset) = (address + (ulong)count, length - count, offset + count);
        }
        return Errno.None;
    }
}
