using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Writes the content of a file below /proc/PID.</summary>
internal delegate Errno TaskShow(ProcTask task, SeqText text, GuestThread? opener);

/// <summary>Linux: a file below /proc/PID; it belongs to the effective user of the process.</summary>
internal class TaskFile : SeqInode
{
    private readonly TaskShow _show;
    private readonly bool _isGuarded;

    /// <param name="task">Whom it tells of.</param>
    /// <param name="ino">Its number.</param>
    /// <param name="mode">Permissions.</param>
    /// <param name="show">Makes the content.</param>
    /// <param name="isGuarded">True where only who may trace the process can open it (ptrace(2)).</param>
    internal TaskFile(ProcTask task, ulong ino, InodeMode mode, TaskShow show, bool isGuarded) : base(task.FileSystem, ino, mode)
    {
        (Uid, Gid) = task.Owner;
        (Task, _show, _isGuarded) = (task, show, isGuarded);
    }

    protected ProcTask Task { get; }

    /// <inheritdoc/>
    public override void Refresh() => (Uid, Gid) = Task.Owner;

    /// <inheritdoc/>
    internal override Errno CheckOpen(in OpenRequest request) => _isGuarded && !Task.MayInspect(request.Thread) ? Errno.EACCES : Errno.None;

    /// <inheritdoc/>
    internal override Errno Show(SeqText text, GuestThread? opener) => Task.Exists ? _show(Task, text, opener) : Errno.ESRCH;
}

/// <summary>Linux: /proc/PID/mounts and mountinfo, which can be waited on.</summary>
internal sealed class MountsFile(ProcTask task, ulong ino, InodeMode mode, TaskShow show) : TaskFile(task, ino, mode, show, isGuarded: false)
{
    /// <inheritdoc/>
    internal override WaitQueue? Changed => Mounts.Changed;

    /// <inheritdoc/>
    internal override int Generation => Mounts.Generation;

    private MountNamespace Mounts => Task.FindThread()?.Fs.Mounts ?? Task.FileSystem.Machine.FileSystem.Mounts;
}

/// <summary>Linux: /proc/PID/comm: a thread's name, which threads of the same process may change.</summary>
internal sealed class CommFile(ProcTask task, ulong ino, InodeMode mode) : TaskFile(task, ino, mode, TaskStrings.ShowName, isGuarded: false)
{
    private const int LongestName = 15;

    /// <inheritdoc/>
    internal override Errno Store(ReadOnlySpan<byte> text, long position, GuestThread? opener)
    {
        if (Task.FindThread() is not { } thread)
            return Errno.ESRCH;
        if (opener is not null && opener.Process != Task.Process)
            return Errno.EINVAL;
        var end = text.IndexOf((byte)0);
        thread.Name = text[..Math.Min(end < 0 ? text.Length : end, LongestName)].ToArray();
        return Errno.None;
    }
}
