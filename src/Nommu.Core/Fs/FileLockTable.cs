using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>
/// Linux: <c>struct file_lock_context</c>. The advisory locks of one inode: record locks of a process (fcntl F_SETLK), of an open file (F_OFD_SETLK), and whole-file locks (flock).
/// </summary>
/// <remarks>The owner of a process's record locks is its <see cref="FileDescriptorTable"/>, of the others the <see cref="FileDescription"/>.</remarks>
internal sealed class FileLockTable
{
    private readonly Lock _lock = new();
    private readonly List<FileLock> _records = [];
    private readonly List<FileLock> _flocks = [];

    /// <summary>Woken whenever a lock goes or shrinks.</summary>
    internal WaitQueue Released { get; } = new();

    /// <summary>The lock that is in the way of one, if any (F_GETLK).</summary>
    internal FileLock? FindConflict(in FileLock wanted)
    {
        lock (_lock)
        {
            foreach (var held in _records)
            {
                if (held.ConflictsWith(wanted))
                    return held;
            }
        }
        return null;
    }

    /// <summary>Sets a record lock, replacing what the owner holds of its range.</summary>
    /// <returns>EAGAIN when another owner's is in the way.</returns>
    internal Errno SetRecord(in FileLock wanted)
    {
        lock (_lock)
        {
            foreach (var held in _records)
            {
                if (held.ConflictsWith(wanted))
                    return Errno.EAGAIN;
            }
            Carve(wanted.Owner, wanted.Start, wanted.End);
            AddMerged(wanted);
        }
        Released.Wake();
        return Errno.None;
    }

    /// <summary>Takes a range out of an owner's record locks.</summary>
    internal void ClearRecord(object owner, long start, long end)
    {
        lock (_lock)
            Carve(owner, start, end);
        Released.Wake();
    }

    /// <summary>flock(2): a conversion lets go of the old lock first, and may lose it.</summary>
    internal Errno SetFlock(FileDescription owner, bool exclusive)
    {
        var released = false;
        try
        {
            lock (_lock)
            {
                var mine = _flocks.FindIndex(held => held.Owner == owner);
                if (mine >= 0 && _flocks[mine].Exclusive == exclusive)
                    return Errno.None;
                if (mine >= 0)
                {
                    _flocks.RemoveAt(mine);
                    released = true;
                }
                var wanted = new FileLock(owner, 0, 0, long.MaxValue, exclusive);
                foreach (var held in _flocks)
                {
                    if (held.ConflictsWith(wanted))
                        return Errno.EAGAIN;
                }
                _flocks.Add(wanted);
                return Errno.None;
            }
        }
        finally
        {
            if (released)
                Released.Wake();
        }
    }

    internal void ClearFlock(FileDescription owner)
    {
        lock (_lock)
            _flocks.RemoveAll(held => held.Owner == owner);
        Released.Wake();
    }

    /// <summary>A process or an open file is gone, or gives up all it holds.</summary>
    internal void ReleaseOwner(object owner)
    {
        lock (_lock)
        {
            if (_records.RemoveAll(held => held.Owner == owner) + _flocks.RemoveAll(held => held.Owner == owner) == 0)
                return;
        }
        Released.Wake();
    }

    private void Carve(object owner, long start, long end)
    {
        for (var i = _records.Count - 1; i >= 0; i--)
        {
            var held = _records[i];
            if (held.Owner != owner || held.End < start || held.Start > end)
                continue;
            _records.RemoveAt(i);
            if (held.Start < start)
                _records.Add(held with { End = start - 1 });
            if (held.End > end)
                _records.Add(held with { Start = end + 1 });
        }
    }

    private void AddMerged(FileLock wanted)
    {
        for (var i = _records.Count - 1; i >= 0; i--)
        {
            var held = _records[i];
            if (held.Owner != wanted.Owner || held.Exclusive != wanted.Exclusive)
                continue;
            var touches = (held.End == long.MaxValue || held.End + 1 >= wanted.Start) && (wanted.End == long.MaxValue || wanted.End + 1 >= held.Start);
            if (!touches)
                continue;
            wanted = wanted with { Start = Math.Min(held.Start, wanted.Start), End = Math.Max(held.End, wanted.End) };
            _records.RemoveAt(i);
        }
        _records.Add(wanted);
    }
}

/// <summary>Linux: <c>struct file_lock</c>. One lock on a range of bytes, both ends included.</summary>
/// <param name="Owner">Who holds it.</param>
/// <param name="ProcessId">What F_GETLK shows; -1 for an open file's lock.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Last byte; <see cref="long.MaxValue"/> for however far the file goes.</param>
/// <param name="Exclusive">F_WRLCK; else F_RDLCK.</param>
internal readonly record struct FileLock(object Owner, int ProcessId, long Start, long End, bool Exclusive)
{
    internal bool ConflictsWith(in FileLock other) => Owner != other.Owner && (Exclusive || other.Exclusive) && Start <= other.End && other.Start <= End;
}
