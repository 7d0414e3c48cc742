using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>shmctl(2).</summary>
internal sealed partial class SharedMemory
{
    /// <summary>IPC_INFO.</summary>
    internal Shminfo Limits => new()
    {
        Shmmax = limits.SegmentSize,
        Shmmin = IpcLimits.SmallestSegment,
        Shmmni = (ulong)limits.Segments,
        Shmseg = (ulong)limits.Segments,
        Shmall = limits.SegmentPages,
    };

    /// <summary>The highest index in use; 0 where there is none.</summary>
    internal int HighestIndex
    {
        get
        {
            lock (_lock)
                return _segments.HighestIndex;
        }
    }

    /// <summary>SHM_INFO.</summary>
    internal ShmInfo Usage
    {
        get
        {
            lock (_lock)
                return new() { UsedIds = _segments.Count, Total = (ulong)_pages, Resident = (ulong)_pages };
        }
    }

    /// <summary>IPC_STAT and, by index, SHM_STAT and SHM_STAT_ANY.</summary>
    /// <returns>The id, for an index; EINVAL, EACCES.</returns>
    internal Result<int> Stat(Credentials credentials, int id, ShmCommand command, out ShmidDs status)
    {
        status = default;
        lock (_lock)
        {
            var segment = command == ShmCommand.IPC_STAT ? _segments.Find(id) : _segments.At(id);
            if (segment is null)
                return Errno.EINVAL;
            if (command != ShmCommand.SHM_STAT_ANY && !segment.Allows(credentials, IpcObject.ToRead))
                return Errno.EACCES;
            status = segment.Status;
            return command == ShmCommand.IPC_STAT ? 0 : segment.Id;
        }
    }

    /// <summary>IPC_SET.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno Set(GuestThread thread, int id, in IpcPerm perm)
    {
        lock (_lock)
        {
            if (_segments.Find(id) is not { } segment)
                return Errno.EINVAL;
            return segment.IsOwnedBy(thread.Credentials) ? segment.Change(perm, SystemVIpc.Now(thread.Clock)) : Errno.EPERM;
        }
    }

    /// <summary>IPC_RMID.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno Remove(GuestThread thread, int id)
    {
        lock (_lock)
        {
            if (_segments.Find(id) is not { } segment)
                return Errno.EINVAL;
            if (!segment.IsOwnedBy(thread.Credentials))
                return Errno.EPERM;
            if (segment.Attaches == 0)
            {
                Destroy(segment, thread.Machine);
                return Errno.None;
            }
            segment.Mode |= (int)ShmFlags.SHM_DEST;
            _segments.ForgetKey(segment);
            return Errno.None;
        }
    }

    /// <summary>SHM_LOCK and SHM_UNLOCK. Nothing is ever written out, so the mode's bit is all there is to it.</summary>
    /// <returns>EINVAL, EPERM.</returns>
    internal Errno SetLocked(GuestThread thread, int id, bool locked)
    {
        lock (_lock)
        {
            if (_segments.Find(id) is not { } segment)
                return Errno.EINVAL;
            if (!segment.IsOwnedBy(thread.Credentials))
                return Errno.EPERM;
            if (locked && !thread.Credentials.Has(Capability.CAP_IPC_LOCK) && thread.Process.Limits[ResourceLimit.RLIMIT_MEMLOCK].Current == 0)
                return Errno.EPERM;
            segment.Mode = locked ? segment.Mode | (int)ShmFlags.SHM_LOCKED : segment.Mode & ~(int)ShmFlags.SHM_LOCKED;
            return Errno.None;
        }
    }

    /// <summary>All there are, by index, for /proc/sysvipc/shm.</summary>
    internal List<(int Id, ShmidDs Status)> Snapshot()
    {
        var all = new List<(int, ShmidDs)>();
        lock (_lock)
        {
            for (var index = 0; index <= _segments.HighestIndex; index++)
            {
                if (_segments.At(index) is { } segment)
                    all.Add((segment.Id, segment.Status));
            }
        }
        return all;
    }
}
