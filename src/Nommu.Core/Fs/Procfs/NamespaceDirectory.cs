using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/ns: a link for each kind of namespace there is.</summary>
internal sealed class NamespaceDirectory : PseudoDirectory
{
    private const InodeMode Mode511 = (InodeMode)0x149;
    private const int FirstEntry = 0x102;

    private static readonly (FileName Name, Func<GuestThread, Namespace> Of)[] Kinds =
    [
        ("ipc", static thread => thread.Ipc),
        ("mnt", static thread => thread.Fs.Mounts),
        ("uts", static thread => thread.Uts),
    ];

    private readonly ProcTask _task;

    internal NamespaceDirectory(ProcTask task, ulong ino) : base(task.FileSystem, ino, Mode511)
    {
        (Uid, Gid) = task.Owner;
        _task = task;
    }

    /// <inheritdoc/>
    public override bool CachesNames => false;

    /// <inheritdoc/>
    public override void Refresh() => (Uid, Gid) = _task.Owner;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        var index = Array.FindIndex(Kinds, kind => kind.Name == name);
        return index < 0 ? Errno.ENOENT : new TaskLink(_task, _task.InoOf(FirstEntry + index), InodeMode.S_IRWXUGO, 0, index, Find);
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie) =>
        cookie >= Kinds.Length || !_task.Exists
            ? Errno.ENOENT
            : new DirectoryEntry(Kinds[cookie].Name, _task.InoOf(FirstEntry + (int)cookie), InodeMode.S_IFLNK, cookie + 1);

    private static FsPath? Find(ProcTask task, int index) =>
        task.FindThread() is { } thread ? NamespaceInode.PlaceOf(Kinds[index].Of(thread), task.FileSystem.Machine.FileSystem.Anonymous) : null;
}
