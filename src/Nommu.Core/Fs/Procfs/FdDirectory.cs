using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Procfs;

/// <summary>Linux: /proc/PID/fd with a link, or /proc/PID/fdinfo with a file, for every descriptor.</summary>
internal sealed class FdDirectory : PseudoDirectory
{
    private const InodeMode ForOwner = (InodeMode)0x140, ForAll = (InodeMode)0x16D, Read = (InodeMode)0x140, Write = (InodeMode)0xC0;
    private const long LinkSize = 64;
    private const int LinkEntry = 0x100, InfoEntry = 0x101;

    private readonly ProcTask _task;
    private readonly bool _isInfo;

    internal FdDirectory(ProcTask task, ulong ino, bool isInfo) : base(task.FileSystem, ino, isInfo ? ForAll : ForOwner)
    {
        (Uid, Gid) = task.Owner;
        (_task, _isInfo) = (task, isInfo);
    }

    /// <inheritdoc/>
    public override bool CachesNames => false;

    /// <inheritdoc/>
    public override void Refresh() => (Uid, Gid) = _task.Owner;

    /// <inheritdoc/>
    public override Result<Inode> Lookup(FileName name)
    {
        if (!PidName.TryParse(name.Bytes, out var fd) || _task.FindThread()?.Files.Retain(fd) is not { } file)
            return Errno.ENOENT;
        var mode = (file.CanRead ? Read : 0) | (file.CanWrite ? Write : 0);
        file.Release();
        if (_isInfo)
            return new TaskFile(_task, _task.InoOf(InfoEntry, fd), (InodeMode)0x124, (task, text, _) => ShowInfo(task, text, fd), isGuarded: true);
        return new TaskLink(_task, _task.InoOf(LinkEntry, fd), mode, LinkSize, fd, TaskLinks.FindFile);
    }

    /// <inheritdoc/>
    public override Result<DirectoryEntry> NextEntry(long cookie)
    {
        if (cookie > int.MaxValue || _task.FindThread() is not { } thread)
            return Errno.ENOENT;
        var fd = thread.Files.Next((int)cookie);
        return fd < 0
            ? Errno.ENOENT
            : new DirectoryEntry(PidName.Of(fd), _task.InoOf(_isInfo ? InfoEntry : LinkEntry, fd), _isInfo ? InodeMode.S_IFREG : InodeMode.S_IFLNK, fd + 1L);
    }

    /// <inheritdoc/>
    public override Errno CheckPermission(Credentials credentials, AccessMask wanted)
    {
        Refresh();
        return base.CheckPermission(credentials, wanted);
    }

    private static Errno ShowInfo(ProcTask task, SeqText text, int fd)
    {
        if (task.FindThread() is not { } thread || thread.Files.Retain(fd) is not { } file)
            return Errno.ENOENT;
        var position = file is SeekableFile seekable ? seekable.Position : 0;
        var flags = file.Flags | (thread.Files.GetCloseOnExec(fd) ? OpenFlags.O_CLOEXEC : 0);
        text.Add($"pos:\t{position}\nflags:\t0{Convert.ToString((int)flags, 8)}\nmnt_id:\t{file.Path.Mount.Id}\nino:\t{file.Inode.Ino}\n");
        file.ShowInfo(text);
        file.Release();
        return Errno.None;
    }
}
