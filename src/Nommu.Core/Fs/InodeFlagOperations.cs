using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: fs/fileattr.c (<c>vfs_fileattr_get</c>, <c>vfs_fileattr_set</c>): what chattr(1) sets and lsattr(1) shows.</summary>
internal static class InodeFlagOperations
{
    /// <summary>What a new file takes over from its directory.</summary>
    internal const InodeFlags Inherited = InodeFlags.FS_NODUMP_FL | InodeFlags.FS_NOATIME_FL;

    /// <summary>Files like this are neither changed nor removed, by nobody.</summary>
    internal const InodeFlags Protected = InodeFlags.FS_IMMUTABLE_FL | InodeFlags.FS_APPEND_FL;

    private const ulong STATX_ATTR_IMMUTABLE = 0x10, STATX_ATTR_APPEND = 0x20, STATX_ATTR_NODUMP = 0x40;

    /// <summary>FS_IOC_GETFLAGS. The number says long; an int is meant.</summary>
    internal static Errno Get(GuestThread thread, Inode inode, ulong argument) =>
        inode.SettableFlags == InodeFlags.None ? Errno.ENOTTY : thread.Memory.Write(new UserPtr<int>(argument), (int)inode.Flags);

    /// <summary>FS_IOC_SETFLAGS.</summary>
    internal static Errno Set(GuestThread thread, FsPath path, ulong argument)
    {
        var inode = path.Inode;
        if (inode.SettableFlags == InodeFlags.None)
            return Errno.ENOTTY;
        if (thread.Memory.Read(new UserPtr<int>(argument), out var wanted) != Errno.None)
            return Errno.EFAULT;
        if (path.Mount.IsReadOnly)
            return Errno.EROFS;
        if (!thread.FsCaller.Owns(inode))
            return Errno.EPERM;
        var flags = (InodeFlags)wanted;
        lock (inode.Lock)
        {
            if (((flags ^ inode.Flags) & Protected) != 0 && !thread.Credentials.Has(Capability.CAP_LINUX_IMMUTABLE))
                return Errno.EPERM;
            if ((flags & ~inode.SettableFlags) != 0)
                return Errno.EOPNOTSUPP;
            inode.Flags = flags;
        }
        inode.TouchChanged();
        return Errno.None;
    }

    /// <summary>Linux: <c>shmem_getattr</c>: stx_attributes, and which of them can be there.</summary>
    internal static (ulong Attributes, ulong Mask) ShowExtended(Inode inode)
    {
        if (inode.SettableFlags == InodeFlags.None)
            return (0, 0);
        var flags = inode.Flags;
        var attributes = ((flags & InodeFlags.FS_IMMUTABLE_FL) != 0 ? STATX_ATTR_IMMUTABLE : 0)
            | ((flags & InodeFlags.FS_APPEND_FL) != 0 ? STATX_ATTR_APPEND : 0)
            | ((flags & InodeFlags.FS_NODUMP_FL) != 0 ? STATX_ATTR_NODUMP : 0);
        return (attributes, STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP);
    }
}
