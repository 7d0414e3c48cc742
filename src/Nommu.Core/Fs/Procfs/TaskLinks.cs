using System.Globalization;
using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: exe, cwd, root and fd/N: reads as a path, but leads to the thing itself, whatever has become of its name.</summary>
internal sealed class TaskLink : SymlinkInode
{
    private readonly ProcTask _task;
    private readonly int _argument;
    private readonly Func<ProcTask, int, FsPath?> _find;

    /// <param name="task">Whose it is.</param>
    /// <param name="ino">Its number.</param>
    /// <param name="mode">Permissions.</param>
    /// <param name="size">What stat(2) calls its size, which says nothing of its text.</param>
    /// <param name="argument">Handed to <paramref name="find"/>: the descriptor.</param>
    /// <param name="find">Finds where it leads now; null for nowhere any more.</param>
    internal TaskLink(ProcTask task, ulong ino, InodeMode mode, long size, int argument, Func<ProcTask, int, FsPath?> find) : base(task.FileSystem, ino, 0, 0)
    {
        Mode = InodeMode.S_IFLNK | mode;
        Size = size;
        (Uid, Gid) = task.Owner;
        (_task, _argument, _find) = (task, argument, find);
    }

    /// <inheritdoc/>
    public override long Blocks => 0;

    /// <inheritdoc/>
    public override Result<byte[]> ReadLink() => Errno.EACCES;

    /// <inheritdoc/>
    internal override Result<byte[]> ReadLink(in FsCaller caller)
    {
        var found = Find(caller);
        return found.TryGet(out var path) ? PathNaming.Describe(path, caller.Fs.Root) : found.Error;
    }

    /// <inheritdoc/>
    internal override Result<FsPath>? FollowTo(in FsCaller caller) => Find(caller);

    private Result<FsPath> Find(in FsCaller caller)
    {
        if (!_task.MayInspect(caller.Thread, caller.Credentials))
            return Errno.EACCES;
        return _find(_task, _argument) is { } path ? path : Errno.ENOENT;
    }
}

/// <summary>Where the links of a process lead.</summary>
internal static class TaskLinks
{
    internal static FsPath? FindExecutable(ProcTask task)
    {
        if (task.RetainMemory() is not { } memory)
            return null;
        var path = memory.Executable?.Path;
        memory.Release();
        return path;
    }

    internal static FsPath? FindFile(ProcTask task, int fd)
    {
        if (task.FindThread()?.Files.Retain(fd) is not { } file)
            return null;
        var path = file.Path;
        file.Release();
        return path;
    }
}

/// <summary>Linux: /proc/self and /proc/thread-self: another target for everyone.</summary>
internal sealed class SelfLink : SymlinkInode
{
    private readonly bool _isThread;

    internal SelfLink(SuperBlock superBlock, ulong ino, bool isThread) : base(superBlock, ino, 0, 0) => _isThread = isThread;

    /// <inheritdoc/>
    public override long Blocks => 0;

    /// <summary>To the host there is no self.</summary>
    public override Result<byte[]> ReadLink() => Errno.ENOENT;

    /// <inheritdoc/>
    internal override Result<byte[]> ReadLink(in FsCaller caller)
    {
        if (caller.Thread is not { } thread)
            return Errno.ENOENT;
        var id = thread.Process.Id;
        return Encoding.ASCII.GetBytes(_isThread
            ? string.Create(CultureInfo.InvariantCulture, $"{id}/task/{thread.Id}")
            : id.ToString(CultureInfo.InvariantCulture));
    }
}
