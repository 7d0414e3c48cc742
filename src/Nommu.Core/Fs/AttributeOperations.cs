using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: fs/attr.c and its callers: who may change which attribute, and what changes with it.</summary>
internal static class AttributeOperations
{
    private const uint Keep = uint.MaxValue;

    /// <summary>access(2), by the caller's rights as given: the real ids, or with AT_EACCESS the effective ones.</summary>
    internal static Errno CheckAccess(in FsCaller caller, FsPath path, AccessMask wanted)
    {
        if ((wanted & AccessMask.MAY_EXEC) != 0 && path.Inode is RegularInode && (path.Mount.Flags & MountFlags.MS_NOEXEC) != 0)
            return Errno.EACCES;
        return wanted == AccessMask.None ? Errno.None : caller.Check(path, wanted);
    }

    /// <summary>chmod(2).</summary>
    internal static Errno ChangeMode(in FsCaller caller, FsPath path, InodeMode mode)
    {
        var inode = path.Inode;
        if (path.Mount.IsReadOnly)
            return Errno.EROFS;
        if (inode.IsProtected || !caller.Owns(inode))
            return Errno.EPERM;
        if (inode is SymlinkInode)
            return Errno.EOPNOTSUPP;
        mode &= InodeMode.Permissions;
        if (!caller.Credentials.Has(Capability.CAP_FSETID) && !caller.Credentials.InGroup(inode.Gid))
            mode &= ~InodeMode.S_ISGID;
        return inode.SetAttributes(new AttributeChange { Mode = mode, ChangeTime = inode.SuperBlock.Now });
    }

    /// <summary>chown(2); -1 leaves an id alone.</summary>
    internal static Errno ChangeOwner(in FsCaller caller, FsPath path, uint uid, uint gid)
    {
        var inode = path.Inode;
        if (path.Mount.IsReadOnly)
            return Errno.EROFS;
        if (inode.IsProtected)
            return Errno.EPERM;
        var credentials = caller.Credentials;
        if (!credentials.Has(Capability.CAP_CHOWN))
        {
            var owns = credentials.Fsuid == inode.Uid;
            if (uid != Keep && !(owns && uid == inode.Uid))
                return Errno.EPERM;
            if (gid != Keep && !(owns && (gid == inode.Gid || credentials.InGroup(gid))))
                return Errno.EPERM;
        }
        if (inode is RegularInode)
            FileCapabilities.RemoveFrom(inode);
        return inode.SetAttributes(new AttributeChange
        {
            Uid = uid == Keep ? null : uid,
            Gid = gid == Keep ? null : gid,
            Mode = inode is DirectoryInode ? null : WithoutPrivileges(inode),
            ChangeTime = inode.SuperBlock.Now,
        });
    }

    /// <summary>utimensat(2); null means now, for which write permission is enough when it is both.</summary>
    internal static Errno ChangeTimes(in FsCaller caller, FsPath path, Timespec access, Timespec modify)
    {
        if (access.Nanoseconds == Timespec.UTIME_OMIT && modify.Nanoseconds == Timespec.UTIME_OMIT)
            return Errno.None;
        var inode = path.Inode;
        if (path.Mount.IsReadOnly)
            return Errno.EROFS;
        var bothNow = access.Nanoseconds == Timespec.UTIME_NOW && modify.Nanoseconds == Timespec.UTIME_NOW;
        if (inode.IsImmutable || (inode.IsAppendOnly && !bothNow))
            return Errno.EPERM;
        if (!caller.Owns(inode))
        {
            var error = bothNow ? caller.Check(path, AccessMask.MAY_WRITE) : Errno.EPERM;
            if (error != Errno.None)
                return error;
        }
        var now = inode.SuperBlock.Now;
        return inode.SetAttributes(new AttributeChange { AccessTime = Choose(access, now), ModifyTime = Choose(modify, now), ChangeTime = now });
    }

    /// <summary>truncate(2).</summary>
    internal static Errno Truncate(in FsCaller caller, FsPath path, long size)
    {
        if (path.Inode is DirectoryInode)
            return Errno.EISDIR;
        if (path.Inode is not RegularInode regular)
            return Errno.EINVAL;
        var error = caller.Check(path, AccessMask.MAY_WRITE);
        if (error != Errno.None)
            return error;
        if (regular.IsAppendOnly)
            return Errno.EPERM;
        if (!regular.TryPin())
            return Errno.ENOENT;
        error = FileSizeLimit.Check(caller.Thread, size);
        if (error == Errno.None)
            error = Truncate(caller, regular, size);
        regular.Unpin();
        return error;
    }

    /// <summary>The same once the right to write has been shown.</summary>
    internal static Errno Truncate(in FsCaller caller, RegularInode inode, long size)
    {
        if (!inode.WriteCount.TryBeginWriting())
            return Errno.ETXTBSY;
        var error = inode.Truncate(size);
        inode.WriteCount.EndWriting();
        if (error == Errno.None)
            DropPrivileges(caller, inode);
        return error;
    }

    /// <summary>Linux: <c>file_remove_privs</c>: writing to a file takes its capabilities off, and set-user-id and set-group-id unless CAP_FSETID keeps them.</summary>
    internal static void DropPrivileges(in FsCaller caller, Inode inode)
    {
        FileCapabilities.RemoveFrom(inode);
        if ((inode.Mode & (InodeMode.S_ISUID | InodeMode.S_ISGID)) != 0 && !caller.Credentials.Has(Capability.CAP_FSETID) && WithoutPrivileges(inode) is { } mode)
            inode.SetAttributes(new AttributeChange { Mode = mode, ChangeTime = inode.SuperBlock.Now });
    }

    private static InodeMode? WithoutPrivileges(Inode inode)
    {
        var mode = inode.Mode & ~InodeMode.S_ISUID;
        // Without group execution the bit means something else (mandatory locking, once).
        if ((mode & InodeMode.S_IXGRP) != 0)
            mode &= ~InodeMode.S_ISGID;
        return mode == inode.Mode ? null : mode;
    }

    private static Timespec? Choose(Timespec wanted, Timespec now) => wanted.Nanoseconds switch
    {
        Timespec.UTIME_OMIT => null,
        Timespec.UTIME_NOW => now,
        _ => wanted,
    };
}
