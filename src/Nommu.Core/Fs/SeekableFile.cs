using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs;

/// <summary>Linux: a <c>struct file</c> with a position (FMODE_LSEEK). Reads and writes go through their positional forms, one at a time (<c>f_pos_lock</c>).</summary>
public abstract class SeekableFile : FileDescription
{
    private readonly Lock _lock = new();
    private long _position;

    /// <inheritdoc/>
    protected SeekableFile(FsPath path, OpenFlags flags) : base(path, flags)
    {
    }

    /// <summary>The position, for /proc/PID/fdinfo.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <inheritdoc/>
    public override Result<long> Read(ref IoVector to)
    {
        lock (_lock)
        {
            var result = ReadAt(ref to, _position);
            if (result.IsOk)
                _position += result.Value;
            return result;
        }
    }

    /// <inheritdoc/>
    public override Result<long> Write(ref IoVector from)
    {
        lock (_lock)
        {
            var position = _position;
            var result = WriteAt(ref from, ref position, (Flags & OpenFlags.O_APPEND) != 0);
            if (result.IsOk)
                _position = position;
            return result;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Linux appends even here where the file was opened so (pwrite(2), BUGS).</remarks>
    public sealed override Result<long> WriteAt(ref IoVector from, long position) => WriteAt(ref from, ref position, (Flags & OpenFlags.O_APPEND) != 0);

    /// <summary>The same for a file that stands for this one and has the position.</summary>
    internal Result<long> WriteMoving(ref IoVector from, ref long position, bool append) => WriteAt(ref from, ref position, append);

    /// <summary>Writes at a position.</summary>
    /// <param name="from">Where from.</param>
    /// <param name="position">Where to; moves forward.</param>
    /// <param name="append">Write at the end instead, and move the position there.</param>
    /// <returns>Bytes.</returns>
    protected virtual Result<long> WriteAt(ref IoVector from, ref long position, bool append) => Errno.EINVAL;

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence)
    {
        lock (_lock)
        {
            var result = whence switch
            {
                SeekWhence.SEEK_SET => offset,
                SeekWhence.SEEK_CUR => unchecked(_position + offset),
                SeekWhence.SEEK_END => unchecked(Inode.Size + offset),
                SeekWhence.SEEK_DATA => SeekContent(offset, data: true),
                SeekWhence.SEEK_HOLE => SeekContent(offset, data: false),
                _ => Errno.EINVAL,
            };
            if (!result.TryGet(out var position))
                return result;
            if (position < 0)
                return offset > 0 && whence != SeekWhence.SEEK_SET ? Errno.EOVERFLOW : Errno.EINVAL;
            return _position = position;
        }
    }

    /// <summary>SEEK_DATA and SEEK_HOLE; for a file system without holes all of a file is data.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="data">True for data, false for a hole.</param>
    /// <returns>ENXIO behind the end.</returns>
    protected virtual Result<long> SeekContent(long offset, bool data)
    {
        if (offset < 0 || offset >= Inode.Size)
            return Errno.ENXIO;
        return data ? offset : Inode.Size;
    }
}
