using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: the part of fs/namei.c behind unlink(2) and rmdir(2).</summary>
internal static class NameRemoval
{
    internal static Errno Unlink(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
            return Errno.ENOENT;
        var walk = new PathWalk(caller, start, path);
        var error = walk.ToParent();
        if (error != Errno.None)
            return error;
        if (walk.LastKind != LastComponent.Name)
            return Errno.EISDIR;
        var parent = walk.At;
        if (parent.Mount.IsReadOnly)
            return Errno.EROFS;
        if (walk.Last.Length > FileName.MaximumLength)
            return Errno.ENAMETOOLONG;
        var directory = parent.Dentry.Directory!;
        var name = new FileName(walk.Last);
        Inode inode;
        lock (directory.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(parent.Dentry, name);
            if (!found.TryGet(out var dentry))
                return found.Error;
            inode = dentry.Inode;
            if (walk.TrailingSlash)
                return inode is DirectoryInode ? Errno.EISDIR : Errno.ENOTDIR;
            error = CheckDelete(caller, parent, inode);
            if (error != Errno.None)
                return error;
            if (inode is DirectoryInode)
                return Errno.EISDIR;
            if (dentry.IsMountPoint)
                return Errno.EBUSY;
            // The content may go with the name, and that takes a while: not under the directory's lock.
            var pinned = inode.TryPin();
            error = directory.Unlink(name, inode);
            if (error == Errno.None)
                dentry.Delete();
            if (!pinned)
                return error;
        }
        inode.Unpin();
        return error;
    }

    internal static Errno RemoveDirectory(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
            return Errno.ENOENT;
        var walk = new PathWalk(caller, start, path);
        var error = walk.ToParent();
        if (error != Errno.None)
            return error;
        switch (walk.LastKind)
        {
            case LastComponent.DotDot:
                return Errno.ENOTEMPTY;
            case LastComponent.Dot:
                return Errno.EINVAL;
            case LastComponent.Root:
                return Errno.EBUSY;
        }
        var parent = walk.At;
        if (parent.Mount.IsReadOnly)
            return Errno.EROFS;
        if (walk.Last.Length > FileName.MaximumLength)
            return Errno.ENAMETOOLONG;
        var directory = parent.Dentry.Directory!;
        var name = new FileName(walk.Last);
        lock (directory.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(parent.Dentry, name);
            if (!found.TryGet(out var dentry))
                return found.Error;
            error = CheckDelete(caller, parent, dentry.Inode);
            if (error != Errno.None)
                return error;
            if (dentry.Inode is not DirectoryInode child)
                return Errno.ENOTDIR;
            if (dentry.IsMountPoint)
                return Errno.EBUSY;
            lock (child.NamesLock)
            {
                error = directory.RemoveDirectory(name, child);
                if (error != Errno.None)
                    return error;
                child.IsDead = true;
                dentry.Delete();
            }
        }
        return Errno.None;
    }

    /// <summary>Linux: <c>may_delete</c>, but for the question whether it is a directory.</summary>
    internal static Errno CheckDelete(in FsCaller caller, FsPath parent, Inode victim)
    {
        var error = caller.Check(parent, AccessMask.MAY_WRITE | AccessMask.MAY_EXEC);
        if (error != Errno.None)
            return error;
        if (parent.Inode.IsAppendOnly || victim.IsProtected)
            return Errno.EPERM;
        // In a sticky directory only the owner of the file or of the directory removes a name.
        if ((parent.Inode.Mode & InodeMode.S_ISVTX) != 0 && !caller.Owns(victim) && !caller.Owns(parent.Inode))
            return Errno.EPERM;
        return Errno.None;
    }
}
