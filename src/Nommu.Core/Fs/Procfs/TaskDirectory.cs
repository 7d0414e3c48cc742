using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID, and /proc/PID/task/TID.</summary>
internal sealed class TaskDirectory : PseudoDirectory
{
    private readonly ProcTask _task;
    private readonly TaskEntry[] _entries;

    internal TaskDirectory(ProcTask task) : base(task.FileSystem, task.InoOf(TaskEntries.Directory))
    {
        _task = task;
        _entries = task.IsThread ? TaskEntries.OfThread : TaskEntries.OfProcess;
        (Uid, Gid) = task.Owner;
    }

    /// <summary>Whose it is; null below /proc/PID/task.</summary>
    internal GuestProcess? Process => _task.IsThread ? null : _task.Process;

    /// <inheritdoc/>
    public override bool CachesNames => false;

    /// <inheritdoc/>
    public override void Refresh() => (Uid, Gid) = _task.Owner;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        if (!_task.Exists)
            return Errno.ENOENT;
        for (var i = 0; i < _entries.Length; i++)
        {
            if (_entries[i].Name == name)
                return _entries[i].Make(_task, _task.InoOf(i + 1));
        }
        return Errno.ENOENT;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        if (cookie >= _entries.Length || !_task.Exists)
            return Errno.ENOENT;
        var entry = _entries[(int)cookie];
        return new DirectoryEntry(entry.Name, _task.InoOf((int)cookie + 1), entry.Type, cookie + 1);
    }
}

/// <summary>Linux: /proc/PID/task.</summary>
internal sealed class ThreadListDirectory : PseudoDirectory
{
    private readonly ProcTask _task;

    internal ThreadListDirectory(ProcTask task, ulong ino) : base(task.FileSystem, ino)
    {
        _task = task;
        Refresh();
    }

    /// <inheritdoc/>
    public override bool CachesNames => false;

    /// <summary>Linux: <c>proc_task_getattr</c>: a link for each thread.</summary>
    public override void Refresh()
    {
        (Uid, Gid) = _task.Owner;
        lock (_task.Process.Tasks.Lock)
            NumberOfLinks = 2 + (uint)_task.Process.ThreadCountLocked;
    }

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        if (!PidName.TryParse(name.Bytes, out var id))
            return Errno.ENOENT;
        var found = new ProcTask(_task.FileSystem, _task.Process, id, isThread: true);
        return found.Exists ? new TaskDirectory(found) : Errno.ENOENT;
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        var next = int.MaxValue;
        lock (_task.Process.Tasks.Lock)
        {
            if (!_task.ExistsLocked)
                return Errno.ENOENT;
            // A zombie has its leader left.
            if (_task.Process.Id > cookie)
                next = _task.Process.Id;
            foreach (var thread in _task.Process.Threads)
            {
                if (thread.Id > cookie && thread.Id < next)
                    next = thread.Id;
            }
        }
        return next == int.MaxValue
            ? Errno.ENOENT
            : new DirectoryEntry(PidName.Of(next), ProcTask.InoOf(next, isThread: true, TaskEntries.Directory), InodeMode.S_IFDIR, next);
    }
}
