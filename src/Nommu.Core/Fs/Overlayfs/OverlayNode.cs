using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: <c>struct ovl_inode</c> with <c>struct ovl_entry</c>. What an inode of an overlay consists of: a file in the upper layer, or one or more below, or both.</summary>
/// <remarks>Everything that changes the upper layer happens under <see cref="OverlaySuperBlock.UpperLock"/>; it comes after the locks of the overlay's own directories and before those of the layers'.</remarks>
internal sealed class OverlayNode(OverlaySuperBlock fileSystem, OverlayNode? parent, FileName name, OverlayPath? upper, OverlayPath[] lowers)
{
    private OverlayPath? _upper = upper;

    internal OverlaySuperBlock FileSystem { get; } = fileSystem;

    /// <summary>The directory in which it is copied up; null for the root.</summary>
    internal OverlayNode? Parent { get; private set; } = parent;

    internal FileName Name { get; private set; } = name;

    /// <summary>The inode itself.</summary>
    internal Inode? Inode { get; set; }

    /// <summary>In the layer that is written to.</summary>
    internal OverlayPath? Upper
    {
        get => Volatile.Read(ref _upper);
        set => Volatile.Write(ref _upper, value);
    }

    /// <summary>Below, the topmost first. Of a file at most one.</summary>
    internal OverlayPath[] Lowers { get; } = lowers;

    /// <summary>Where it is now.</summary>
    internal OverlayPath Real => Upper ?? Lowers[0];

    /// <summary>It has lost the name by which it could be copied up.</summary>
    internal bool IsRemoved { get; private set; }

    /// <summary>Linux: OVL_TYPE_MERGE.</summary>
    internal bool IsMerged => Lowers.Length + (Upper is null ? 0 : 1) > 1;

    /// <summary>A number that stays when it is copied up.</summary>
    internal ulong Ino { get; } = fileSystem.InoOf(upper, lowers);

    /// <summary>Goes to the upper layer, and those above it before.</summary>
    /// <param name="size">How much of its contents is wanted.</param>
    /// <returns>EROFS where there is no upper layer; ENOSPC and what else stands in the way of writing.</returns>
    internal Errno CopyUp(long size = long.MaxValue)
    {
        if (Upper is not null)
            return Errno.None;
        lock (FileSystem.UpperLock)
            return OverlayCopyUp.Run(this, size);
    }

    /// <summary>It has another name, in the upper layer. Under the lock.</summary>
    internal void Move(OverlayNode parent, FileName name) => (Parent, Name) = (parent, name);

    /// <summary>One of its names was removed. Under the lock.</summary>
    internal void Remove()
    {
        IsRemoved = Upper is null;
    }

    /// <summary>Shows the attributes of the real file in an inode of the overlay.</summary>
    internal void Show(Inode inode, bool refresh = true)
    {
        var real = Real.Inode;
        if (refresh)
            real.Refresh();
        Stat status;
        lock (real.Lock)
        {
            status = new Stat
            {
                Mode = (uint)real.Mode,
                Uid = real.Uid,
                Gid = real.Gid,
                Size = real.Size,
                Nlink = real.NumberOfLinks,
                AccessTime = real.AccessTime,
                ModifyTime = real.ModifyTime,
                ChangeTime = real.ChangeTime,
            };
        }
        // Nobody counts the directories in what is merged.
        if (real is DirectoryInode && IsMerged)
            status.Nlink = Math.Min(status.Nlink, 1);
        if (Upper is null && IsRemoved)
            status.Nlink = real is DirectoryInode ? 0 : status.Nlink - Math.Min(status.Nlink, 1);
        inode.TakeAttributes(status);
    }

    internal Errno SetAttributes(Inode inode, in AttributeChange change)
    {
        var error = CopyUp();
        if (error == Errno.None)
            error = Upper!.Inode.SetAttributes(change);
        Show(inode);
        return error;
    }

    internal Result<byte[]> GetXattr(FileName name) => Real.Inode.GetXattr(OverlayMarks.InLayer(name));

    internal Errno SetXattr(Inode inode, FileName name, byte[] value, XattrFlags flags)
    {
        var error = CopyUp();
        if (error == Errno.None)
            error = Upper!.Inode.SetXattr(OverlayMarks.InLayer(name), value, flags);
        Show(inode);
        return error;
    }

    internal Errno RemoveXattr(Inode inode, FileName name)
    {
        var error = GetXattr(name).Error;
        if (error == Errno.None)
            error = CopyUp();
        if (error == Errno.None)
            error = Upper!.Inode.RemoveXattr(OverlayMarks.InLayer(name));
        Show(inode);
        return error;
    }

    internal Result<FileName[]> ListXattr()
    {
        var listed = Real.Inode.ListXattr();
        return listed.TryGet(out var names) ? Array.ConvertAll(Array.FindAll(names, name => !OverlayMarks.IsPrivate(name)), OverlayMarks.InOverlay) : listed;
    }
}
