using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: the part of fs/namei.c behind renameat2(2).</summary>
internal static class Renaming
{
    internal static Errno Rename(in FsCaller caller, FsPath oldStart, ReadOnlySpan<byte> oldPath, FsPath newStart, ReadOnlySpan<byte> newPath, RenameFlags flags)
    {
        if ((flags & ~(RenameFlags.RENAME_NOREPLACE | RenameFlags.RENAME_EXCHANGE)) != 0 || flags == (RenameFlags.RENAME_NOREPLACE | RenameFlags.RENAME_EXCHANGE))
            return Errno.EINVAL;
        if (oldPath.IsEmpty || newPath.IsEmpty)
            return Errno.ENOENT;
        var from = new PathWalk(caller, oldStart, oldPath);
        var to = new PathWalk(caller, newStart, newPath);
        var error = from.ToParent();
        if (error == Errno.None)
            error = to.ToParent();
        if (error != Errno.None)
            return error;
        if (from.At.Mount != to.At.Mount)
            return Errno.EXDEV;
        if (from.LastKind != LastComponent.Name)
            return Errno.EBUSY;
        if (to.LastKind != LastComponent.Name)
            return (flags & RenameFlags.RENAME_NOREPLACE) != 0 ? Errno.EEXIST : Errno.EBUSY;
        if (from.At.Mount.IsReadOnly)
            return Errno.EROFS;
        if (from.Last.Length > FileName.MaximumLength || to.Last.Length > FileName.MaximumLength)
            return Errno.ENAMETOOLONG;
        var move = new Move(caller, from.At, new FileName(from.Last), to.At, new FileName(to.Last), flags, from.TrailingSlash, to.TrailingSlash);
        var fromDirectory = from.At.Dentry.Directory!;
        var toDirectory = to.At.Dentry.Directory!;
        if (fromDirectory == toDirectory)
        {
            lock (fromDirectory.NamesLock)
                return move.Run();
        }
        lock (from.At.Mount.SuperBlock.RenameLock)
        {
            // An ancestor is locked before what is below it, as lookups and rmdir do; unrelated directories in the order of their numbers.
            var toFirst = from.At.Dentry.IsWithin(to.At.Dentry) || (!to.At.Dentry.IsWithin(from.At.Dentry) && toDirectory.Ino < fromDirectory.Ino);
            lock ((toFirst ? toDirectory : fromDirectory).NamesLock)
            {
                lock ((toFirst ? fromDirectory : toDirectory).NamesLock)
                    return move.Run();
            }
        }
    }

    private readonly struct Move(FsCaller caller, FsPath oldParent, FileName oldName, FsPath newParent, FileName newName, RenameFlags flags, bool oldSlash, bool newSlash)
    {
        private bool Exchanges => (flags & RenameFlags.RENAME_EXCHANGE) != 0;

        /// <summary>Both directories are locked.</summary>
        internal Errno Run()
        {
            var found = DirectoryLookup.FindLocked(oldParent.Dentry, oldName);
            if (!found.TryGet(out var source))
                return found.Error;
            var existing = DirectoryLookup.FindLocked(newParent.Dentry, newName);
            if (!existing.IsOk && existing.Error != Errno.ENOENT)
                return existing.Error;
            var target = existing.IsOk ? existing.Value : null;
            var error = CheckShape(source, target);
            if (error != Errno.None)
                return error;
            if (target?.Inode == source.Inode)
                return Errno.None;
            error = CheckRights(source, target);
            if (error != Errno.None)
                return error;
            if (source.IsMountPoint || target is { IsMountPoint: true })
                return Errno.EBUSY;
            if (target is null)
                return Apply(source, target);
            var pinned = target.Inode.TryPin();
            try
            {
                if (Exchanges || target.Inode is not DirectoryInode replaced)
                    return Apply(source, target);
                lock (replaced.NamesLock)
                    return Apply(source, target);
            }
            finally
            {
                if (pinned)
                    target.Inode.Unpin();
            }
        }

        private Errno CheckShape(Dentry source, Dentry? target)
        {
            if (target is not null && (flags & RenameFlags.RENAME_NOREPLACE) != 0)
                return Errno.EEXIST;
            if (target is null && Exchanges)
                return Errno.ENOENT;
            if (Exchanges && newSlash && target!.Directory is null)
                return Errno.ENOTDIR;
            if (source.Directory is null && (oldSlash || (newSlash && !Exchanges)))
                return Errno.ENOTDIR;
            if (newParent.Dentry.IsWithin(source))
                return Errno.EINVAL;
            if (target is not null && oldParent.Dentry.IsWithin(target))
                return Exchanges ? Errno.EINVAL : Errno.ENOTEMPTY;
            return Errno.None;
        }

        private Errno CheckRights(Dentry source, Dentry? target)
        {
            var error = NameRemoval.CheckDelete(caller, oldParent, source.Inode);
            if (error != Errno.None)
                return error;
            error = target is null ? NameCreation.CheckCreate(caller, newParent) : NameRemoval.CheckDelete(caller, newParent, target.Inode);
            if (error != Errno.None)
                return error;
            if (target is not null && !Exchanges && source.Directory is null != target.Directory is null)
                return source.Directory is null ? Errno.EISDIR : Errno.ENOTDIR;
            if (oldParent.Dentry == newParent.Dentry)
                return Errno.None;
            // A directory that moves has its dots rewritten.
            if (source.Directory is not null && (error = caller.Check(new FsPath(oldParent.Mount, source), AccessMask.MAY_WRITE)) != Errno.None)
                return error;
            if (Exchanges && target!.Directory is not null)
                return caller.Check(new FsPath(newParent.Mount, target), AccessMask.MAY_WRITE);
            return Errno.None;
        }

        private Errno Apply(Dentry source, Dentry? target)
        {
            var error = oldParent.Dentry.Directory!.Rename(oldName, source.Inode, newParent.Dentry.Directory!, newName, target?.Inode, flags);
            if (error != Errno.None)
                return error;
            if (target is null)
            {
                source.Move(newParent.Dentry, newName);
                return Errno.None;
            }
            if (Exchanges)
            {
                target.Unhash();
                source.Move(newParent.Dentry, newName);
                target.Move(oldParent.Dentry, oldName);
                return Errno.None;
            }
            if (target.Directory is { } dead)
                dead.IsDead = true;
            target.Delete();
            source.Move(newParent.Dentry, newName);
            return Errno.None;
        }
    }
}
