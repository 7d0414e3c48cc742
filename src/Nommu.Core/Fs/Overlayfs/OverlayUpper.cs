using Nommu.Core.Abi;

namespace Nommu.Core.Fs.Overlayfs;

/// <summary>Changes of names in the upper layer, with all that remembers them there. The upper layer's lock is held.</summary>
internal static class OverlayUpper
{
    /// <summary>What has a name, whiteouts too.</summary>
    internal static Result<Dentry> Find(Dentry directory, FileName name)
    {
        lock (directory.Directory!.NamesLock)
            return DirectoryLookup.FindLocked(directory, name);
    }

    /// <summary>Removes a name that is no directory's.</summary>
    internal static Errno Unlink(Dentry directory, FileName name)
    {
        Inode inode;
        Errno error;
        lock (directory.Directory!.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(directory, name);
            if (!found.TryGet(out var dentry))
                return found.Error;
            inode = dentry.Inode;
            // The content may go with the name, and that takes a while: not under the directory's lock.
            if (!inode.TryPin())
                return Errno.ENOENT;
            error = directory.Directory.Unlink(name, inode);
            if (error == Errno.None)
                dentry.Delete();
        }
        inode.Unpin();
        return error;
    }

    /// <summary>Removes a directory in which there is nothing but whiteouts.</summary>
    internal static Errno RemoveDirectory(Dentry directory, FileName name)
    {
        lock (directory.Directory!.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(directory, name);
            if (!found.TryGet(out var dentry))
                return found.Error;
            var error = RemoveWhiteouts(dentry);
            if (error != Errno.None)
                return error;
            lock (dentry.Directory!.NamesLock)
            {
                error = directory.Directory.RemoveDirectory(name, dentry.Directory);
                if (error != Errno.None)
                    return error;
                dentry.Directory.IsDead = true;
                dentry.Delete();
            }
            return Errno.None;
        }
    }

    /// <summary>Removes the whiteouts in a directory that is about to go.</summary>
    internal static Errno RemoveWhiteouts(Dentry directory)
    {
        long cookie = 0;
        while (true)
        {
            Result<DirectoryEntry> next;
            lock (directory.Directory!.NamesLock)
                next = directory.Directory.NextEntry(cookie);
            if (!next.TryGet(out var entry))
                return next.Error == Errno.ENOENT ? Errno.None : next.Error;
            cookie = entry.Cookie;
            if (!Find(directory, entry.Name).TryGet(out var dentry) || !OverlayMarks.IsWhiteout(dentry.Inode))
                return Errno.ENOTEMPTY;
            var error = Unlink(directory, entry.Name);
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Renames, over what is there if it is of the same kind or a whiteout.</summary>
    internal static Errno Rename(Dentry from, FileName name, Dentry to, FileName toName, RenameFlags flags)
    {
        if (from == to)
        {
            lock (from.Directory!.NamesLock)
                return RenameLocked(from, name, to, toName, flags);
        }
        lock (from.Inode.SuperBlock.RenameLock)
        {
            // As in the walk's own order: an ancestor before what is below it, unrelated directories by their numbers.
            var toFirst = from.IsWithin(to) || (!to.IsWithin(from) && to.Inode.Ino < from.Inode.Ino);
            lock ((toFirst ? to : from).Directory!.NamesLock)
            {
                lock ((toFirst ? from : to).Directory!.NamesLock)
                    return RenameLocked(from, name, to, toName, flags);
            }
        }
    }

    private static Errno RenameLocked(Dentry from, FileName name, Dentry to, FileName toName, RenameFlags flags)
    {
        var found = DirectoryLookup.FindLocked(from, name);
        if (!found.TryGet(out var source))
            return found.Error;
        var existing = DirectoryLookup.FindLocked(to, toName);
        var target = existing.IsOk ? existing.Value : null;
        if (target is null && existing.Error != Errno.ENOENT)
            return existing.Error;
        if (target?.Inode == source.Inode)
            return Errno.None;
        var pinned = target?.Inode.TryPin() ?? false;
        var error = from.Directory!.Rename(name, source.Inode, to.Directory!, toName, target?.Inode, flags);
        if (error == Errno.None)
            MoveDentries(source, from, name, to, toName, target, flags);
        if (pinned)
            target!.Inode.Unpin();
        return error;
    }

    private static void MoveDentries(Dentry source, Dentry from, FileName name, Dentry to, FileName toName, Dentry? target, RenameFlags flags)
    {
        if (target is not null && (flags & RenameFlags.RENAME_EXCHANGE) != 0)
        {
            target.Unhash();
            source.Move(to, toName);
            target.Move(from, name);
            return;
        }
        if (target?.Directory is { } dead)
            dead.IsDead = true;
        target?.Delete();
        source.Move(to, toName);
    }
}
