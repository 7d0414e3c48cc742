using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>A symbolic link of an overlay.</summary>
internal sealed class OverlaySymlink : SymlinkInode, IOverlayInode
{
    internal OverlaySymlink(OverlayNode node) : base(node.FileSystem, node.Ino, node.Real.Inode.Uid, node.Real.Inode.Gid)
    {
        Node = node;
        BirthTime = node.Real.Inode.BirthTime;
        node.Show(this, refresh: false);
        node.Inode = this;
    }

    /// <inheritdoc/>
    public OverlayNode Node { get; }

    /// <inheritdoc/>
    public override long Blocks => Node.Real.Inode.Blocks;

    /// <inheritdoc/>
    public override void Refresh() => Node.Show(this);

    /// <inheritdoc/>
    public override Result<byte[]> ReadLink() => ((SymlinkInode)Node.Real.Inode).ReadLink();

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) => Node.SetAttributes(this, change);

    /// <inheritdoc/>
    public override Result<byte[]> GetXattr(FileName name) => Node.GetXattr(name);

    /// <inheritdoc/>
    public override Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => Node.SetXattr(this, name, value, flags);

    /// <inheritdoc/>
    public override Errno RemoveXattr(FileName name) => Node.RemoveXattr(this, name);

    /// <inheritdoc/>
    public override Result<FileName[]> ListXattr() => Node.ListXattr();
}

/// <summary>A fifo, socket or device node of an overlay.</summary>
internal sealed class OverlaySpecial : SpecialInode, IOverlayInode
{
    internal OverlaySpecial(OverlayNode node) : base(node.FileSystem, node.Ino, node.Real.Inode.Mode, node.Real.Inode.Uid, node.Real.Inode.Gid, node.Real.Inode.Rdev)
    {
        Node = node;
        BirthTime = node.Real.Inode.BirthTime;
        node.Show(this, refresh: false);
        node.Inode = this;
    }

    /// <inheritdoc/>
    public OverlayNode Node { get; }

    /// <inheritdoc/>
    internal override bool CanBeOpened => Node.Lowers is not [{ Inode: SpecialInode { CanBeOpened: false } }];

    /// <inheritdoc/>
    public override void Refresh() => Node.Show(this);

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) => Node.SetAttributes(this, change);

    /// <inheritdoc/>
    public override Result<byte[]> GetXattr(FileName name) => Node.GetXattr(name);

    /// <inheritdoc/>
    public override Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => Node.SetXattr(this, name, value, flags);

    /// <inheritdoc/>
    public override Errno RemoveXattr(FileName name) => Node.RemoveXattr(this, name);

    /// <inheritdoc/>
    public override Result<FileName[]> ListXattr() => Node.ListXattr();
}
