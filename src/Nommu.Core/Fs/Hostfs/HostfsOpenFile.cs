using System.Buffers;
using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs.Hostfs;

/// <summary>The <c>struct file</c> of a regular file of the host.</summary>
internal sealed class HostfsOpenFile(HostfsFile inode, HostFile content, FsPath path, OpenFlags flags) : SeekableFile(path, flags)
{
    private const int MostAtOnce = 128 << 10;

    /// <inheritdoc/>
    public override Result<long> ReadAt(ref IoVector to, long position)
    {
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(to.Remaining, MostAtOnce));
        long done = 0;
        var error = Errno.None;
        while (to.Remaining > 0 && !to.Faulted)
        {
            var wanted = (int)Math.Min(to.Remaining, buffer.Length);
            var read = content.ReadAt(buffer.AsSpan(0, wanted), position + done);
            error = read.Error;
            if (!read.TryGet(out var count) || count == 0)
                break;
            done += to.CopyTo(buffer.AsSpan(0, count));
            if (count < wanted)
                break;
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return done > 0 ? done : to.Faulted ? Errno.EFAULT : error != Errno.None ? error : 0;
    }

    /// <inheritdoc/>
    public override Result<long> Seek(long offset, SeekWhence whence)
    {
        if (whence == SeekWhence.SEEK_END)
            Inode.Refresh();
        return base.Seek(offset, whence);
    }

    /// <inheritdoc/>
    protected override Result<long> SeekContent(long offset, bool data) => content.Seek(offset, (int)(data ? SeekWhence.SEEK_DATA : SeekWhence.SEEK_HOLE));

    /// <inheritdoc/>
    public override Errno Fsync(bool dataOnly) => Errno.None;

    /// <inheritdoc/>
    protected override void Close() => inode.EndUse();
}
