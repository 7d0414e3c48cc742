using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>shmat(2).</summary>
internal sealed partial class SharedMemory
{
    /// <summary>Shows a segment to a process.</summary>
    /// <returns>Where; EINVAL, EACCES, ENOMEM.</returns>
    internal Result<ulong> Attach(GuestThread thread, int id, ulong address, ShmFlags flags)
    {
        var request = Place(address, flags);
        if (!request.TryGet(out var place))
            return request.Error;
        var pinned = Pin(thread, id, flags);
        if (!pinned.TryGet(out var segment))
            return pinned.Error;
        var mapped = Map(thread, segment, place, (flags & ShmFlags.SHM_RDONLY) != 0);
        lock (_lock)
            LetGo(segment, thread.Machine);
        return mapped;
    }

    private static Result<MapRequest> Place(ulong address, ShmFlags flags)
    {
        var protection = MapProtection.PROT_READ;
        if ((flags & ShmFlags.SHM_RDONLY) == 0)
            protection |= MapProtection.PROT_WRITE;
        if ((flags & ShmFlags.SHM_EXEC) != 0)
            protection |= MapProtection.PROT_EXEC;
        var replaces = (flags & ShmFlags.SHM_REMAP) != 0;
        if (address != 0 && (flags & ShmFlags.SHM_RND) != 0)
        {
            address = Arena.PageDown(address);
            if (address == 0 && replaces)
                return Errno.EINVAL;
            if (address == 0)
                return new MapRequest(0, 0, protection, MapFlags.MAP_SHARED | MapFlags.MAP_FIXED_NOREPLACE);
        }
        if ((address & (Arena.PageSize - 1)) != 0 || (address == 0 && replaces))
            return Errno.EINVAL;
        var kind = address == 0 ? MapFlags.None : replaces ? MapFlags.MAP_FIXED : MapFlags.MAP_FIXED_NOREPLACE;
        return new MapRequest(address, 0, protection, MapFlags.MAP_SHARED | kind);
    }

    /// <summary>Counts itself in, so that the segment stays while it is being mapped.</summary>
    private Result<SharedMemorySegment> Pin(GuestThread thread, int id, ShmFlags flags)
    {
        var wanted = IpcObject.ToRead;
        if ((flags & ShmFlags.SHM_RDONLY) == 0)
            wanted |= IpcObject.ToWrite;
        if ((flags & ShmFlags.SHM_EXEC) != 0)
            wanted |= IpcObject.ToExecute;
        lock (_lock)
        {
            if (_segments.Find(id) is not { } segment)
                return Errno.EINVAL;
            if (!segment.Allows(thread.Credentials, wanted))
                return Errno.EACCES;
            segment.Attaches++;
            return segment;
        }
    }

    private Result<ulong> Map(GuestThread thread, SharedMemorySegment segment, in MapRequest place, bool readOnly)
    {
        // As each shmat(2) of Linux opens the file anew: what was attached for reading can't be made writable.
        var opened = readOnly ? segment.File.Inode is RegularInode inode ? inode.Open(new OpenRequest(segment.File.Path, OpenFlags.O_RDONLY)) : Errno.EINVAL : segment.File.Retain();
        if (!opened.TryGet(out var file))
            return opened.Error;
        var mapped = thread.Space.Map(place with { Length = (ulong)segment.Size, File = file, Watcher = new SharedMemoryAttachment(this, segment, thread) });
        file.Release();
        return mapped.Error == Errno.EEXIST ? Errno.EINVAL : mapped;
    }
}
