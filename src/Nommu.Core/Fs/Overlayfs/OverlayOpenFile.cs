using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>
/// Linux: a <c>struct file</c> of fs/overlayfs/file.c. Stands for a file of the layer in which the inode is now: who opened it for reading before it was copied up reads what is written to it later.
/// Mappings stay with the layer they were made of (Documentation/filesystems/overlayfs.rst, "non-standard behavior").
/// </summary>
internal sealed class OverlayOpenFile(OverlayFile inode, FsPath path, OpenFlags flags) : SeekableFile(path, flags)
{
    private readonly Lock _lock = new();
    private FileDescription? _real;
    private FileDescription? _lower;

    /// <inheritdoc/>
    internal override IMappable? Pages => Real().TryGet(out var real) ? real.Pages : null;

    /// <summary>Opens the file of the layer.</summary>
    internal Errno OpenReal() => Real().Error;

    /// <inheritdoc/>
    public override Result<long> ReadAt(ref IoVector to, long position)
    {
        var opened = Real();
        return opened.TryGet(out var real) ? real.ReadAt(ref to, position) : opened.Error;
    }

    /// <inheritdoc/>
    protected override Result<long> WriteAt(ref IoVector from, ref long position, bool append)
    {
        var opened = Real();
        return opened.TryGet(out var real) ? ((SeekableFile)real).WriteMoving(ref from, ref position, append) : opened.Error;
    }

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence)
    {
        if (whence == SeekWhence.SEEK_END)
            Inode.Refresh();
        return base.Seek(offset, whence);
    }

    /// <inheritdoc/>
    protected override Result<long> SeekContent(long offset, bool data)
    {
        var opened = Real();
        return opened.TryGet(out var real) ? real.Seek(offset, data ? SeekWhence.SEEK_DATA : SeekWhence.SEEK_HOLE) : opened.Error;
    }

    /// <inheritdoc/>
    public override Errno Fsync(bool dataOnly) => Real().TryGet(out var real) ? real.Fsync(dataOnly) : Errno.EIO;

    /// <inheritdoc/>
    public override Errno Truncate(long size) => inode.Truncate(size);

    /// <inheritdoc/>
    public override Errno Allocate(FallocateMode mode, long offset, long length)
    {
        var opened = Real();
        return opened.TryGet(out var real) ? real.Allocate(mode, offset, length) : opened.Error;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _real?.Release();
        _lower?.Release();
    }

    /// <summary>Linux: <c>ovl_real_fdget</c>.</summary>
    private Result<FileDescription> Real()
    {
        var place = inode.Node.Real;
        var real = Volatile.Read(ref _real);
        if (real is not null && real.Inode == place.Inode)
            return real;
        lock (_lock)
        {
            if (_real is not null && _real.Inode == place.Inode)
                return _real;
            var mode = Flags & (OpenFlags.O_ACCMODE | OpenFlags.O_NOATIME | OpenFlags.O_SYNC);
            var opened = ((RegularInode)place.Inode).Open(new OpenRequest(place.Path, mode));
            if (!opened.TryGet(out real))
                return opened;
            if (!real.HoldsPath)
            {
                real.Release();
                return Errno.ENOENT;
            }
            // What was mapped or is being read is still of the layer below.
            _lower = _real;
            Volatile.Write(ref _real, real);
            return real;
        }
    }
}
