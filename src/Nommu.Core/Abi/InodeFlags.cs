namespace Nommu.Core.Abi;

/// <summary>Linux: FS_*_FL of linux/fs.h, as FS_IOC_GETFLAGS gives them (ioctl_iflags(2)): those that a file system here knows.</summary>
[Flags]
internal enum InodeFlags
{
    None = 0,
    FS_IMMUTABLE_FL = 0x10,
    FS_APPEND_FL = 0x20,
    FS_NODUMP_FL = 0x40,
    FS_NOATIME_FL = 0x80,
}
