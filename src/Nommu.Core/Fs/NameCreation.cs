using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: the part of fs/namei.c behind mkdir(2), mknod(2), symlink(2) and link(2): one new name in a directory.</summary>
internal static class NameCreation
{
    internal static Errno MakeDirectory(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, InodeMode mode)
    {
        var creation = new Creation(InodeMode.S_IFDIR | (mode & (InodeMode.S_IRWXUGO | InodeMode.S_ISVTX)));
        return Create(caller, start, path, creation).Error;
    }

    /// <summary>mknod(2); also how a unix socket gets its name.</summary>
    internal static Result<FsPath> MakeNode(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, InodeMode mode, DeviceNumber device)
    {
        if ((mode & InodeMode.S_IFMT) == 0)
            mode |= InodeMode.S_IFREG;
        switch (mode & InodeMode.S_IFMT)
        {
            case InodeMode.S_IFREG or InodeMode.S_IFIFO or InodeMode.S_IFSOCK or InodeMode.S_IFCHR or InodeMode.S_IFBLK:
                return Create(caller, start, path, new Creation(mode & (InodeMode.S_IFMT | InodeMode.Permissions)) { Device = device });
            case InodeMode.S_IFDIR:
                return Errno.EPERM;
            default:
                return Errno.EINVAL;
        }
    }

    internal static Errno MakeSymlink(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, ReadOnlySpan<byte> target) =>
        target.IsEmpty ? Errno.ENOENT : Create(caller, start, path, new Creation(InodeMode.S_IFLNK | InodeMode.S_IRWXUGO) { Target = target }).Error;

    /// <summary>link(2): <paramref name="old"/> has been resolved by the caller.</summary>
    internal static Errno Link(in FsCaller caller, FsPath old, FsPath start, ReadOnlySpan<byte> path) =>
        Create(caller, start, path, new Creation(old.Inode.Type) { Linked = old }).Error;

    private static Result<FsPath> Create(in FsCaller caller, FsPath start, ReadOnlySpan<byte> path, in Creation creation)
    {
        if (path.IsEmpty)
            return Errno.ENOENT;
        var walk = new PathWalk(caller, start, path);
        var error = walk.ToParent();
        if (error != Errno.None)
            return error;
        if (walk.LastKind != LastComponent.Name)
            return Errno.EEXIST;
        if (walk.Last.Length > FileName.MaximumLength)
            return Errno.ENAMETOOLONG;
        var parent = walk.At;
        var directory = parent.Dentry.Directory!;
        var name = new FileName(walk.Last);
        lock (directory.NamesLock)
        {
            var existing = DirectoryLookup.FindLocked(parent.Dentry, name);
            if (existing.Error != Errno.ENOENT)
                return existing.IsOk ? Errno.EEXIST : existing.Error;
            if (walk.TrailingSlash && !creation.IsDirectory)
                return Errno.ENOENT;
            if (creation.Linked.IsValid && creation.Linked.Mount != parent.Mount)
                return Errno.EXDEV;
            error = CheckCreate(caller, parent);
            if (error == Errno.None && creation.IsDevice && !caller.Credentials.Has(Capability.CAP_MKNOD))
                error = Errno.EPERM;
            if (error != Errno.None)
                return error;
            var made = creation.Run(directory, name, creation.Linked.IsValid ? default : caller.NewInode(directory, creation.Mode));
            return made.TryGet(out var inode) ? new FsPath(parent.Mount, DirectoryLookup.Add(parent.Dentry, name, inode)) : made.Error;
        }
    }

    /// <summary>Linux: <c>may_create</c>.</summary>
    internal static Errno CheckCreate(in FsCaller caller, FsPath parent) =>
        parent.Dentry.Directory!.IsDead ? Errno.ENOENT : caller.Check(parent, AccessMask.MAY_WRITE | AccessMask.MAY_EXEC);

    private readonly ref struct Creation(InodeMode mode)
    {
        internal InodeMode Mode { get; } = mode;

        internal DeviceNumber Device { get; init; }

        internal ReadOnlySpan<byte> Target { get; init; }

        internal FsPath Linked { get; init; }

        internal bool IsDirectory => Mode.HasFlag(InodeMode.S_IFDIR) && (Mode & InodeMode.S_IFMT) == InodeMode.S_IFDIR && !Linked.IsValid;

        /// <summary>Linux: a character device of number 0 is a whiteout of overlayfs, and nothing that could be opened.</summary>
        internal bool IsDevice => !Linked.IsValid && ((Mode & InodeMode.S_IFMT) == InodeMode.S_IFBLK || ((Mode & InodeMode.S_IFMT) == InodeMode.S_IFCHR && Device.Encoded != 0));

        internal Result<Inode> Run(DirectoryInode directory, FileName name, in CreateRequest request)
        {
            if (Linked.IsValid)
                return AddLink(directory, name);
            return (Mode & InodeMode.S_IFMT) switch
            {
                InodeMode.S_IFDIR => directory.MakeDirectory(name, request),
                InodeMode.S_IFLNK => directory.MakeSymlink(name, Target, request with { Mode = Mode }),
                InodeMode.S_IFREG => directory.Create(name, request),
                _ => directory.MakeNode(name, request, Device),
            };
        }

        private Result<Inode> AddLink(DirectoryInode directory, FileName name)
        {
            var inode = Linked.Inode;
            if (inode is DirectoryInode || inode.IsProtected)
                return Errno.EPERM;
            // A file that has lost its last name stays lost; one that was made without a name may be given one.
            if (inode.NumberOfLinks == 0 && !inode.IsLinkable)
                return Errno.ENOENT;
            var error = directory.Link(name, inode);
            return error == Errno.None ? inode : error;
        }
    }
}
