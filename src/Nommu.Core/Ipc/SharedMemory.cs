using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: ipc/shm.c. System V's shared memory: making segments, and counting who shows them.</summary>
internal sealed partial class SharedMemory(IpcLimits limits)
{
    private readonly Lock _lock = new();
    private readonly IpcTable<SharedMemorySegment> _segments = new();
    private long _pages;

    /// <summary>shmget(2).</summary>
    /// <returns>The id; ENOENT, EEXIST, EINVAL, EACCES, ENOSPC, ENOMEM.</returns>
    internal Result<int> Get(GuestThread thread, int key, ulong size, int flags)
    {
        lock (_lock)
        {
            var error = _segments.Look(key, (IpcFlags)flags, out var found);
            if (error != Errno.None)
                return error;
            if (found is null)
                return Create(thread, key, size, flags);
            if ((ulong)found.Size < size)
                return Errno.EINVAL;
            return found.Allows(thread.Credentials, flags) ? found.Id : Errno.EACCES;
        }
    }

    /// <summary>One more piece of memory shows a segment.</summary>
    internal void Opened(SharedMemorySegment segment, int pid, long now)
    {
        lock (_lock)
        {
            segment.Attaches++;
            (segment.AttachTime, segment.LastPid) = (now, pid);
        }
    }

    /// <summary>One piece less.</summary>
    internal void Closed(SharedMemorySegment segment, int pid, Machine machine)
    {
        lock (_lock)
        {
            (segment.DetachTime, segment.LastPid) = (SystemVIpc.Now(machine.Clock), pid);
            LetGo(segment, machine);
        }
    }

    private Result<int> Create(GuestThread thread, int key, ulong size, int flags)
    {
        if (size < IpcLimits.SmallestSegment || size > limits.SegmentSize)
            return Errno.EINVAL;
        if (size > long.MaxValue)
            return Errno.ENOMEM;
        var pages = SharedMemorySegment.PagesOf((long)size);
        if ((ulong)(_pages + pages) > limits.SegmentPages || _segments.Count >= limits.Segments)
            return Errno.ENOSPC;
        // There are no huge pages, as on a Linux with none set aside.
        if ((flags & (int)ShmFlags.SHM_HUGETLB) != 0)
            return Errno.ENOMEM;
        var made = Fill(thread, key, (long)size, out var content);
        if (!made.TryGet(out var file))
            return made.Error;
        var segment = new SharedMemorySegment(key, flags, thread.Credentials, SystemVIpc.Now(thread.Clock), file, content!, (long)size) { CreatorPid = thread.Process.Id };
        _segments.Add(segment);
        _pages += pages;
        return segment.Id;
    }

    /// <summary>A file of that size, whose pages stay where they are.</summary>
    private static Result<FileDescription> Fill(GuestThread thread, int key, long size, out IMappable? content)
    {
        content = null;
        var made = thread.Machine.FileSystem.Memfd.Create(thread.FsCaller, new FileName($"/SYSV{key:x8} (deleted)"));
        if (!made.TryGet(out var file))
            return made.Error == Errno.ENOSPC ? Errno.ENOMEM : made;
        var error = file.Truncate(size);
        if (error == Errno.None)
        {
            content = (IMappable)file.Inode;
            error = content.Map(forWriting: true, mapper: null);
            if (error == Errno.None && (error = content.Locate(0, size, [])) != Errno.None)
                content.Unmap(forWriting: true, mapper: null);
        }
        if (error == Errno.None)
            return file;
        file.Release();
        return Errno.ENOMEM;
    }

    private void LetGo(SharedMemorySegment segment, Machine machine)
    {
        if (--segment.Attaches == 0 && segment.IsDoomed)
            Destroy(segment, machine);
    }

    /// <summary>The namespace ends; what is still shown somewhere goes when it is not any more.</summary>
    internal void RemoveAll(Machine machine)
    {
        lock (_lock)
        {
            foreach (var segment in _segments.ToArray())
            {
                if (segment.Attaches == 0)
                    Destroy(segment, machine);
                else
                    segment.Mode |= (int)ShmFlags.SHM_DEST;
            }
        }
    }

    private void Destroy(SharedMemorySegment segment, Machine machine)
    {
        _segments.Remove(segment);
        _pages -= segment.Pages;
        segment.Free();
    }
}
