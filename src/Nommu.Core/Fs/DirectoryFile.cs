using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs;

/// <summary>Linux: an open directory. Its position is the cookie of the last entry that was handed out; the dots come first, with cookies 1 and 2.</summary>
internal sealed class DirectoryFile(FsPath path, OpenFlags flags) : FileDescription(path, flags)
{
    private const long Dots = 2;

    private readonly Lock _lock = new();
    private long _position;

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to) => Errno.EISDIR;

    /// <inheritdoc/>
    public override Result<long> ReadAt(ref IoVector to, long position) => Errno.EISDIR;

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence)
    {
        lock (_lock)
        {
            var position = whence switch
            {
                SeekWhence.SEEK_SET => offset,
                SeekWhence.SEEK_CUR => _position + offset,
                _ => -1,
            };
            if (position < 0)
                return Errno.EINVAL;
            return _position = position;
        }
    }

    /// <inheritdoc/>
    public override Errno Fsync(bool dataOnly) => Errno.None;

    /// <inheritdoc/>
    internal override Errno ReadDirectory(ref DirentWriter sink)
    {
        var inode = (DirectoryInode)Inode;
        lock (_lock)
        {
            if (inode.IsDead)
                return Errno.ENOENT;
            inode.TouchAccessed(Path.Mount);
            if (_position == 0 && !Add(ref sink, "."u8, inode.Ino, InodeMode.S_IFDIR, 1))
                return Errno.None;
            if (_position == 1 && !Add(ref sink, ".."u8, Path.Dentry.Parent.Inode.Ino, InodeMode.S_IFDIR, 2))
                return Errno.None;
            while (true)
            {
                Result<DirectoryEntry> next;
                lock (inode.NamesLock)
                    next = inode.NextEntry(_position - Dots);
                if (!next.TryGet(out var entry))
                    return next.Error == Errno.ENOENT ? Errno.None : next.Error;
                if (!Add(ref sink, entry.Name.Bytes, entry.Ino, entry.Type, entry.Cookie + Dots))
                    return Errno.None;
            }
        }
    }

    private bool Add(ref DirentWriter sink, ReadOnlySpan<byte> name, ulong ino, InodeMode type, long cookie)
    {
        if (!sink.Add(name, ino, type, cookie))
            return false;
        _position = cookie;
        return true;
    }
}
