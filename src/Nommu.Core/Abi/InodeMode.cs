namespace Nommu.Core.Abi;

/// <summary>Linux: <c>umode_t</c>. File type and permission bits of an inode (inode(7)).</summary>
[Flags]
public enum InodeMode : uint
{
#pragma warning disable CS1591 // inode(7) explains them.
    None = 0,
    S_IFMT = 0xF000,
    S_IFSOCK = 0xC000,
    S_IFLNK = 0xA000,
    S_IFREG = 0x8000,
    S_IFBLK = 0x6000,
    S_IFDIR = 0x4000,
    S_IFCHR = 0x2000,
    S_IFIFO = 0x1000,
    S_ISUID = 0x800,
    S_ISGID = 0x400,
    S_ISVTX = 0x200,
    S_IRUSR = 0x100,
    S_IWUSR = 0x80,
    S_IXUSR = 0x40,
    S_IRGRP = 0x20,
    S_IWGRP = 0x10,
    S_IXGRP = 0x8,
    S_IROTH = 0x4,
    S_IWOTH = 0x2,
    S_IXOTH = 0x1,
    S_IRWXUGO = 0x1FF,
    S_IXUGO = 0x49,
    Permissions = 0xFFF,
#pragma warning restore CS1591
}
