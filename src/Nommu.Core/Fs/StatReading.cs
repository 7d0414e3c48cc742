using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>vfs_getattr</c> and fs/stat.c: an inode's attributes as the calls show them.</summary>
internal static class StatReading
{
    internal static Stat Read(FsPath path)
    {
        var inode = path.Inode;
        inode.Refresh();
        lock (inode.Lock)
        {
            return new Stat
            {
                Dev = inode.SuperBlock.Device.Encoded,
                Ino = inode.Ino,
                Nlink = inode.NumberOfLinks,
                Mode = (uint)inode.Mode,
                Uid = inode.Uid,
                Gid = inode.Gid,
                Rdev = inode.Rdev.Encoded,
                Size = inode.Size,
                BlockSize = inode.BlockSize,
                Blocks = inode.Blocks,
                AccessTime = inode.AccessTime,
                ModifyTime = inode.ModifyTime,
                ChangeTime = inode.ChangeTime,
            };
        }
    }

    internal static Statx ReadExtended(FsPath path)
    {
        const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;
        var basic = Read(path);
        var inode = path.Inode;
        var (attributes, known) = InodeFlagOperations.ShowExtended(inode);
        return new Statx
        {
            Mask = Statx.STATX_BASIC_STATS | Statx.STATX_BTIME | Statx.STATX_MNT_ID,
            BlockSize = (uint)basic.BlockSize,
            Attributes = attributes | (path.Dentry == path.Mount.Root ? STATX_ATTR_MOUNT_ROOT : 0),
            AttributesMask = known | STATX_ATTR_MOUNT_ROOT,
            Nlink = (uint)basic.Nlink,
            Uid = basic.Uid,
            Gid = basic.Gid,
            Mode = (ushort)basic.Mode,
            Ino = basic.Ino,
            Size = (ulong)basic.Size,
            Blocks = (ulong)basic.Blocks,
            AccessTime = new StatxTimestamp(basic.AccessTime),
            BirthTime = new StatxTimestamp(inode.BirthTime),
            ChangeTime = new StatxTimestamp(basic.ChangeTime),
            ModifyTime = new StatxTimestamp(basic.ModifyTime),
            RdevMajor = inode.Rdev.Major,
            RdevMinor = inode.Rdev.Minor,
            DevMajor = inode.SuperBlock.Device.Major,
            DevMinor = inode.SuperBlock.Device.Minor,
            MountId = (ulong)path.Mount.Id,
        };
    }

    /// <summary>statfs(2): what the file system says, and what is known of the mount.</summary>
    internal static Result<Statfs> ReadFileSystem(FsPath path)
    {
        const long ST_VALID = 0x20;
        var result = path.Mount.SuperBlock.Statfs();
        if (!result.TryGet(out var status))
            return result;
        status.FileSystemId = path.Mount.SuperBlock.Device.Encoded;
        if (status.FragmentSize == 0)
            status.FragmentSize = status.BlockSize;
        var flags = path.Mount.Flags;
        status.Flags = ST_VALID
            | (path.Mount.IsReadOnly ? 1L : 0)
            | ((flags & MountFlags.MS_NOSUID) != 0 ? 2L : 0)
            | ((flags & MountFlags.MS_NODEV) != 0 ? 4L : 0)
            | ((flags & MountFlags.MS_NOEXEC) != 0 ? 8L : 0)
            | ((flags & MountFlags.MS_NOATIME) != 0 ? 1024L : 0)
            | ((flags & MountFlags.MS_NODIRATIME) != 0 ? 2048L : 0)
            | ((flags & (MountFlags.MS_NOATIME | MountFlags.MS_STRICTATIME)) == 0 ? 4096L : 0);
        return status;
    }
}
