using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>path_openat</c> and <c>do_open</c> of fs/namei.c: finds or creates a file, checks the rights, opens it.</summary>
internal static class FileOpening
{
    private const OpenFlags Known = OpenFlags.O_ACCMODE | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOCTTY | OpenFlags.O_TRUNC | OpenFlags.O_APPEND
        | OpenFlags.O_NONBLOCK | OpenFlags.O_SYNC | OpenFlags.O_ASYNC | OpenFlags.O_DIRECT | OpenFlags.O_LARGEFILE | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW
        | OpenFlags.O_NOATIME | OpenFlags.O_CLOEXEC | OpenFlags.O_PATH | OpenFlags.__O_TMPFILE;

    /// <summary>open(2).</summary>
    internal static Result<FileDescription> Open(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, OpenFlags flags, InodeMode mode)
    {
        flags &= Known;
        if ((flags & OpenFlags.O_PATH) != 0)
            flags &= OpenFlags.O_PATH | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW | OpenFlags.O_CLOEXEC;
        else
            flags |= OpenFlags.O_LARGEFILE;
        if (path.IsEmpty)
            return Errno.ENOENT;
        if ((flags & OpenFlags.__O_TMPFILE) != 0)
            return OpenUnnamed(caller, start, path, flags, mode);
        if ((flags & OpenFlags.O_CREAT) == 0)
        {
            var found = caller.Resolve(start, path, (flags & OpenFlags.O_NOFOLLOW) == 0);
            return found.TryGet(out var place) ? OpenPath(caller, place, flags) : found.Error;
        }
        if ((flags & OpenFlags.O_DIRECTORY) != 0)
            return Errno.EINVAL;
        return OpenCreating(caller, start, path, flags, mode & InodeMode.Permissions);
    }

    /// <summary>Linux: <c>do_open</c>: what is there is opened; also how /proc/PID/fd/N is opened anew.</summary>
    internal static Result<FileDescription> OpenPath(in FsCaller caller, FsPath path, OpenFlags flags, bool isNew = false)
    {
        var inode = path.Inode;
        if ((flags & OpenFlags.O_DIRECTORY) != 0 && inode is not DirectoryInode)
            return Errno.ENOTDIR;
        if ((flags & OpenFlags.O_PATH) != 0)
            return Checked(new PathOnlyFile(path, flags));
        if (inode is SymlinkInode)
            return Errno.ELOOP;
        var error = CheckOpen(caller, path, ref flags, isNew);
        if (error != Errno.None)
            return error;
        var request = new OpenRequest(path, flags) { Thread = caller.Thread };
        if (inode is not RegularInode regular)
            return inode is DirectoryInode ? Checked(new DirectoryFile(path, flags)) : SpecialOpening.Open(caller, (SpecialInode)inode, request);
        var opened = regular.Open(request);
        if (!opened.TryGet(out var file))
            return opened;
        if (request.CanWrite && !file.TryBeginWriting())
            error = Errno.ETXTBSY;
        else if ((flags & OpenFlags.O_TRUNC) != 0 && !isNew)
            error = AttributeOperations.Truncate(caller, regular, 0);
        if (error == Errno.None)
            return Checked(file);
        file.Release();
        return error;
    }

    /// <summary>Linux: <c>do_open_execat</c>: a regular file that may be executed, opened for reading by the kernel itself; nobody may write it as long as that lasts.</summary>
    internal static Result<FileDescription> OpenForExec(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, bool follow = true)
    {
        var found = caller.Resolve(start, path, follow);
        return found.TryGet(out var place) ? OpenForExec(caller, place) : found.Error;
    }

    /// <summary>The same for a place that is known (execveat with AT_EMPTY_PATH).</summary>
    internal static Result<FileDescription> OpenForExec(in FsCaller caller, FsPath place)
    {
        if (place.Inode is SymlinkInode)
            return Errno.ELOOP;
        if (place.Inode is not RegularInode regular || (place.Mount.Flags & MountFlags.MS_NOEXEC) != 0)
            return Errno.EACCES;
        var error = caller.Check(place, AccessMask.MAY_EXEC);
        if (error != Errno.None)
            return error;
        var opened = regular.Open(new OpenRequest(place, OpenFlags.O_RDONLY | OpenFlags.O_LARGEFILE) { Thread = caller.Thread });
        if (!opened.TryGet(out var file))
            return opened;
        if (file.HoldsPath && file.TryDenyWriting())
            return file;
        error = file.HoldsPath ? Errno.ETXTBSY : Errno.ENOENT;
        file.Release();
        return error;
    }

    private static Result<FileDescription> OpenCreating(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, OpenFlags flags, InodeMode mode)
    {
        var walk = new PathWalk(caller, start, path);
        var error = walk.ToParent();
        while (error == Errno.None)
        {
            if (walk.LastKind != LastComponent.Name)
                return OpenExisting(caller, walk.Finish(follow: true), flags);
            if (walk.TrailingSlash)
                return Errno.EISDIR;
            if (walk.Last.Length > FileName.MaximumLength)
                return Errno.ENAMETOOLONG;
            var looked = LookupOrCreate(caller, walk.At, walk.Last, mode, (flags & OpenFlags.O_EXCL) != 0, out var created);
            if (!looked.TryGet(out var dentry))
                return looked.Error;
            var place = new FsPath(walk.At.Mount, dentry);
            if (created)
                return OpenPath(caller, place, flags, isNew: true);
            place = caller.Fs.Mounts.Cross(place);
            if (place.Inode is not SymlinkInode link || (flags & OpenFlags.O_NOFOLLOW) != 0)
                return OpenExisting(caller, place, flags);
            error = walk.FollowLast(place, link);
        }
        return error;
    }

    private static Result<FileDescription> OpenExisting(in FsCaller caller, Result<FsPath> found, OpenFlags flags)
    {
        if (!found.TryGet(out var path))
            return found.Error;
        if ((flags & OpenFlags.O_EXCL) != 0)
            return Errno.EEXIST;
        return path.Inode is DirectoryInode ? Errno.EISDIR : OpenPath(caller, path, flags);
    }

    private static Result<Dentry> LookupOrCreate(in FsCaller caller, FsPath parent, ReadOnlySpan<byte> last, InodeMode mode, bool exclusive, out bool created)
    {
        created = false;
        var directory = parent.Dentry.Directory!;
        var known = parent.Dentry.FindChild(last, FileName.HashOf(last));
        if (known is not null)
            return exclusive ? Errno.EEXIST : known;
        var name = new FileName(last);
        lock (directory.NamesLock)
        {
            var found = DirectoryLookup.FindLocked(parent.Dentry, name);
            if (found.IsOk)
                return exclusive ? Errno.EEXIST : found;
            if (found.Error != Errno.ENOENT)
                return found;
            var error = NameCreation.CheckCreate(caller, parent);
            if (error != Errno.None)
                return error;
            var made = directory.Create(name, caller.NewInode(directory, InodeMode.S_IFREG | mode));
            if (!made.TryGet(out var inode))
                return made.Error;
            created = true;
            return DirectoryLookup.Add(parent.Dentry, name, inode);
        }
    }

    private static Result<FileDescription> OpenUnnamed(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, OpenFlags flags, InodeMode mode)
    {
        // Both bits together mean O_TMPFILE, so that old kernels refuse it; creating is implied and O_CREAT is not.
        if ((flags & OpenFlags.O_TMPFILE) != OpenFlags.O_TMPFILE || (flags & OpenFlags.O_CREAT) != 0 || !new OpenRequest(default, flags).CanWrite)
            return Errno.EINVAL;
        var found = caller.Resolve(start, path);
        if (!found.TryGet(out var place))
            return found.Error;
        if (place.Inode is not DirectoryInode directory)
            return Errno.ENOTDIR;
        var error = caller.Check(place, AccessMask.MAY_WRITE | AccessMask.MAY_EXEC);
        if (error != Errno.None)
            return error;
        var made = directory.CreateUnnamed(caller.NewInode(directory, InodeMode.S_IFREG | (mode & InodeMode.Permissions)));
        if (!made.TryGet(out var inode))
            return made.Error;
        inode.IsLinkable = (flags & OpenFlags.O_EXCL) == 0;
        var dentry = new Dentry(place.Dentry, new FileName($"#{inode.Ino}"), inode);
        dentry.Delete();
        return OpenPath(caller, new FsPath(place.Mount, dentry), flags & ~OpenFlags.O_TMPFILE, isNew: true);
    }

    /// <summary>Linux: <c>may_open</c>.</summary>
    private static Errno CheckOpen(in FsCaller caller, FsPath path, ref OpenFlags flags, bool isNew)
    {
        var inode = path.Inode;
        var wanted = (flags & OpenFlags.O_ACCMODE) switch
        {
            OpenFlags.O_RDONLY => AccessMask.MAY_READ,
            OpenFlags.O_WRONLY => AccessMask.MAY_WRITE,
            _ => AccessMask.MAY_READ | AccessMask.MAY_WRITE,
        };
        if ((flags & OpenFlags.O_TRUNC) != 0)
            wanted |= AccessMask.MAY_WRITE;
        if (inode is DirectoryInode && (wanted & AccessMask.MAY_WRITE) != 0)
            return Errno.EISDIR;
        if (inode.Type is InodeMode.S_IFCHR or InodeMode.S_IFBLK && (path.Mount.Flags & MountFlags.MS_NODEV) != 0)
            return Errno.EACCES;
        if (inode is SpecialInode)
            flags &= ~OpenFlags.O_TRUNC;
        var error = isNew ? Errno.None : caller.Check(path, wanted);
        if (error != Errno.None)
            return error;
        // What may only grow is not opened for anything else; a new one is not yet like that.
        var writes = (flags & OpenFlags.O_ACCMODE) != OpenFlags.O_RDONLY;
        if (inode.IsAppendOnly && ((writes && (flags & OpenFlags.O_APPEND) == 0) || (flags & OpenFlags.O_TRUNC) != 0))
            return Errno.EPERM;
        return (flags & OpenFlags.O_NOATIME) != 0 && !caller.Owns(inode) ? Errno.EPERM : Errno.None;
    }

    private static Result<FileDescription> Checked(FileDescription file)
    {
        if (file.HoldsPath)
            return file;
        file.Release();
        return Errno.ENOENT;
    }
}
