using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>Linux: the <c>struct file</c> of a regular file of tmpfs.</summary>
internal sealed class TmpfsOpenFile(TmpfsFile inode, FsPath path, OpenFlags flags) : SeekableFile(path, flags)
{
    /// <inheritdoc/>
    public override Result<long> ReadAt(ref IoVector to, long position)
    {
        var result = inode.Read(ref to, position);
        if (result.Value > 0 && (Flags & OpenFlags.O_NOATIME) == 0)
            inode.TouchAccessed(Path.Mount);
        return result;
    }

    /// <inheritdoc/>
    protected override Result<long> WriteAt(ref IoVector from, ref long position, bool append) => inode.Write(ref from, ref position, append);

    /// <inheritdoc/>
    protected override Result<long> SeekContent(long offset, bool data) => inode.SeekContent(offset, data);

    /// <inheritdoc/>
    public override Errno Fsync(bool dataOnly) => Errno.None;

    /// <inheritdoc/>
    public override Errno Truncate(long size) => inode.Truncate(size);

    /// <inheritdoc/>
    public override Errno Allocate(FallocateMode mode, long offset, long length) => inode.Allocate(mode, offset, length);
}
