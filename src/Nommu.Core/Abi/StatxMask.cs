namespace Nommu.Core.Abi;

/// <summary>Linux: the fields statx(2) is asked for and answers.</summary>
[Flags]
internal enum StatxMask : uint
{
    None = 0,
    STATX_TYPE = 1,
    STATX_MODE = 2,
    STATX_NLINK = 4,
    STATX_UID = 8,
    STATX_GID = 0x10,
    STATX_ATIME = 0x20,
    STATX_MTIME = 0x40,
    STATX_CTIME = 0x80,
    STATX_INO = 0x100,
    STATX_SIZE = 0x200,
    STATX_BLOCKS = 0x400,
    STATX_BASIC_STATS = 0x7ff,
    STATX_BTIME = 0x800,
    STATX_MNT_ID = 0x1000,
    STATX_DIOALIGN = 0x2000,
    STATX__RESERVED = 0x80000000,
}
