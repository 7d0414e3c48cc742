using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Linux: <c>ovl_rename</c>.</summary>
internal sealed partial class OverlayDirectory
{
    /// <inheritdoc/>
    /// <remarks>A directory that is below, or partly, would have to be copied with all that is in it: EXDEV, as Linux has it unless redirect_dir is on, and mv(1) copies.</remarks>
    public override Errno Rename(FileName name, Inode inode, DirectoryInode toDirectory, FileName toName, Inode? replaced, RenameFlags flags)
    {
        var to = (OverlayDirectory)toDirectory;
        var exchanges = (flags & RenameFlags.RENAME_EXCHANGE) != 0;
        if (!MayMove(inode) || (exchanges && !MayMove(replaced!)))
            return Errno.EXDEV;
        if (!exchanges && replaced is OverlayDirectory directory && directory.NextEntry(0).IsOk)
            return Errno.ENOTEMPTY;
        Errno error;
        lock (_fileSystem.UpperLock)
            error = RenameUp(name, inode, to, toName, replaced, exchanges);
        inode.Refresh();
        replaced?.Refresh();
        Refresh();
        to.Refresh();
        return error;
    }

    private static bool MayMove(Inode inode) => inode is not OverlayDirectory { Node.Lowers.Length: > 0 };

    private Errno RenameUp(FileName name, Inode inode, OverlayDirectory to, FileName toName, Inode? replaced, bool exchanges)
    {
        var node = ((IOverlayInode)inode).Node;
        var other = (replaced as IOverlayInode)?.Node;
        var error = CopyUp(node, to.Node, exchanges ? other : null);
        if (error != Errno.None)
            return error;
        var below = IsBelow(name);
        var belowTarget = to.IsBelow(toName);
        error = below.Error != Errno.None ? below.Error : belowTarget.Error;
        var leavesWhiteout = !exchanges && below.Value;
        if (error == Errno.None && leavesWhiteout)
            error = _fileSystem.PrepareWhiteout().Error;
        if (error == Errno.None && inode is DirectoryInode && to.Node.Lowers.Length > 0)
            error = OverlayMarks.MakeOpaque(node.Upper!.Inode);
        if (error == Errno.None && exchanges && replaced is DirectoryInode && Node.Lowers.Length > 0)
            error = OverlayMarks.MakeOpaque(other!.Upper!.Inode);
        var (from, target) = (Node.Upper!.Dentry, to.Node.Upper!.Dentry);
        if (error == Errno.None && !exchanges)
            error = MakeRoom(target, toName, inode is DirectoryInode);
        if (error == Errno.None)
            error = OverlayUpper.Rename(from, name, target, toName, exchanges ? RenameFlags.RENAME_EXCHANGE : RenameFlags.None);
        if (error != Errno.None)
            return error;
        node.Move(to.Node, toName);
        if (exchanges)
            other!.Move(Node, name);
        else
            other?.Remove();
        return leavesWhiteout ? _fileSystem.PlaceWhiteout(from, name) : Errno.None;
    }

    private Errno CopyUp(OverlayNode moved, OverlayNode directory, OverlayNode? exchanged)
    {
        var error = OverlayCopyUp.Run(Node, 0);
        if (error == Errno.None)
            error = OverlayCopyUp.Run(directory, 0);
        if (error == Errno.None)
            error = OverlayCopyUp.Run(moved, long.MaxValue);
        if (error == Errno.None && exchanged is not null)
            error = OverlayCopyUp.Run(exchanged, long.MaxValue);
        return error;
    }

    /// <summary>A directory does not take the place of a whiteout, nor of a directory in which there are some.</summary>
    private static Errno MakeRoom(Dentry directory, FileName name, bool forDirectory)
    {
        if (!forDirectory || !OverlayUpper.Find(directory, name).TryGet(out var existing))
            return Errno.None;
        return existing.Directory is null ? OverlayUpper.Unlink(directory, name) : OverlayUpper.RemoveWhiteouts(existing);
    }
}
