using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Tmpfs;

/// <summary>A fifo, socket or device node in tmpfs.</summary>
internal sealed class TmpfsNode(TmpfsSuperBlock fileSystem, in CreateRequest request, DeviceNumber device)
    : SpecialInode(fileSystem, fileSystem.NextIno(), request.Mode, request.Uid, request.Gid, device)
{
    /// <inheritdoc/>
    protected override void Evict() => fileSystem.RemoveInode();
}

/// <summary>A symbolic link in tmpfs.</summary>
internal sealed class TmpfsSymlink : SymlinkInode
{
    private readonly TmpfsSuperBlock _fileSystem;
    private readonly byte[] _target;

    internal TmpfsSymlink(TmpfsSuperBlock fileSystem, in CreateRequest request, byte[] target) : base(fileSystem, fileSystem.NextIno(), request.Uid, request.Gid)
    {
        _fileSystem = fileSystem;
        _target = target;
        Size = target.Length;
    }

    /// <inheritdoc/>
    public override long Blocks => 0;

    /// <inheritdoc/>
    public override Result<byte[]> ReadLink() => _target;

    /// <inheritdoc/>
    protected override void Evict() => _fileSystem.RemoveInode();
}
