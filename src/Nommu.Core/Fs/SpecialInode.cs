using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: an inode set up by <c>init_special_inode</c>: a fifo, a socket, a character or a block device. Opening it leaves the file system, so all file systems share this class.</summary>
public class SpecialInode : Inode
{
    private Pipes.Pipe? _pipe;

    /// <summary>Makes a node.</summary>
    /// <param name="superBlock">The file system it belongs to.</param>
    /// <param name="ino">Its number.</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    /// <param name="device">Number of a device.</param>
    public SpecialInode(SuperBlock superBlock, ulong ino, InodeMode mode, uint uid, uint gid, DeviceNumber device)
        : base(superBlock, ino, mode, uid, gid) => Rdev = device;

    /// <summary>False for what is only shown: something of the host's, which is no business of guests.</summary>
    internal virtual bool CanBeOpened => true;

    /// <summary>The socket that is bound to this name, if it is one's.</summary>
    internal object? BoundSocket { get; set; }

    /// <summary>The pipe behind a fifo, with an end counted as open; it lives as long as somebody has it open.</summary>
    internal Pipes.Pipe OpenPipe(bool read, bool write, out Pipes.PipePartners partners)
    {
        lock (Lock)
        {
            _pipe ??= new Pipes.Pipe();
            partners = _pipe.Open(read, write);
            return _pipe;
        }
    }

    internal void ClosePipe(Pipes.Pipe pipe)
    {
        lock (Lock)
        {
            if (_pipe == pipe && pipe.IsUnused)
                _pipe = null;
        }
    }
}
