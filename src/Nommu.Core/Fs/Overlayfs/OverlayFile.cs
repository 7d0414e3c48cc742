using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>An inode of an overlay.</summary>
internal interface IOverlayInode
{
    /// <summary>What is behind it.</summary>
    OverlayNode Node { get; }
}

/// <summary>A regular file of an overlay.</summary>
internal sealed class OverlayFile : RegularInode, IOverlayInode
{
    internal OverlayFile(OverlayNode node) : base(node.FileSystem, node.Ino, node.Real.Inode.Mode, node.Real.Inode.Uid, node.Real.Inode.Gid)
    {
        Node = node;
        MayBeWrittenUncounted = true; // through the layer itself
        BirthTime = node.Real.Inode.BirthTime;
        node.Show(this, refresh: false);
        node.Inode = this;
    }

    /// <inheritdoc/>
    public OverlayNode Node { get; }

    /// <inheritdoc/>
    public override long Size
    {
        get => Node.Real.Inode.Size;
        protected set { }
    }

    /// <inheritdoc/>
    public override long Blocks => Node.Real.Inode.Blocks;

    /// <inheritdoc/>
    public override int BlockSize => Node.Real.Inode.BlockSize;

    /// <summary>A file that has gone up counts anew, and so that no count below is among them.</summary>
    internal override ulong ContentVersion => Node.Upper is { } upper ? upper.Inode.ContentVersion | (1UL << 63) : Node.Lowers[0].Inode.ContentVersion;

    /// <inheritdoc/>
    public override void Refresh() => Node.Show(this);

    /// <inheritdoc/>
    public override Errno SetAttributes(in AttributeChange change) => Node.SetAttributes(this, change);

    /// <inheritdoc/>
    public override void TouchModified()
    {
        Node.Real.Inode.TouchModified();
        Node.Show(this, refresh: false);
    }

    /// <inheritdoc/>
    public override Result<FileDescription> Open(in OpenRequest request)
    {
        // What is cut off at once is not copied first: that is for Truncate.
        var copies = request.CanWrite && (request.Flags & OpenFlags.O_TRUNC) == 0;
        var error = copies ? Node.CopyUp() : Errno.None;
        if (error != Errno.None)
            return error;
        var file = new OverlayOpenFile(this, request.Path, request.Flags);
        error = request.CanWrite && !copies && Node.Upper is null ? Errno.None : file.OpenReal();
        if (error == Errno.None)
            return file;
        file.Release();
        return error;
    }

    /// <inheritdoc/>
    public override Errno Truncate(long size)
    {
        var error = Node.CopyUp(size);
        return error == Errno.None ? ((RegularInode)Node.Upper!.Inode).Truncate(size) : error;
    }

    /// <inheritdoc/>
    public override Result<byte[]> GetXattr(FileName name) => Node.GetXattr(name);

    /// <inheritdoc/>
    public override Errno SetXattr(FileName name, byte[] value, XattrFlags flags) => Node.SetXattr(this, name, value, flags);

    /// <inheritdoc/>
    public override Errno RemoveXattr(FileName name) => Node.RemoveXattr(this, name);

    /// <inheritdoc/>
    public override Result<FileName[]> ListXattr() => Node.ListXattr();
}
