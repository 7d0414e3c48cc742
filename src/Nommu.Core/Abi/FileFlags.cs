namespace Nommu.Core.Abi;

/// <summary>Linux: <c>AT_*</c> of fcntl.h; one bit has two meanings (unlinkat, faccessat).</summary>
[Flags]
internal enum AtFlags
{
    None = 0,
    AT_SYMLINK_NOFOLLOW = 0x100,
    AT_REMOVEDIR = 0x200,
    AT_EACCESS = 0x200,
    AT_SYMLINK_FOLLOW = 0x400,
    AT_NO_AUTOMOUNT = 0x800,
    AT_EMPTY_PATH = 0x1000,
    AT_STATX_FORCE_SYNC = 0x2000,
    AT_STATX_DONT_SYNC = 0x4000,
}

/// <summary>Linux: the flags of renameat2(2).</summary>
[Flags]
public enum RenameFlags : uint
{
#pragma warning disable CS1591 // rename(2) explains them.
    None = 0,
    RENAME_NOREPLACE = 1,
    RENAME_EXCHANGE = 2,
    RENAME_WHITEOUT = 4,
#pragma warning restore CS1591
}

/// <summary>Linux: the mode of fallocate(2).</summary>
[Flags]
public enum FallocateMode
{
#pragma warning disable CS1591 // fallocate(2) explains them.
    None = 0,
    FALLOC_FL_KEEP_SIZE = 1,
    FALLOC_FL_PUNCH_HOLE = 2,
    FALLOC_FL_COLLAPSE_RANGE = 8,
    FALLOC_FL_ZERO_RANGE = 16,
    FALLOC_FL_INSERT_RANGE = 32,
    FALLOC_FL_UNSHARE_RANGE = 64,
#pragma warning restore CS1591
}

/// <summary>Linux: where lseek(2) counts from.</summary>
public enum SeekWhence
{
#pragma warning disable CS1591 // lseek(2) explains them.
    SEEK_SET = 0,
    SEEK_CUR = 1,
    SEEK_END = 2,
    SEEK_DATA = 3,
    SEEK_HOLE = 4,
#pragma warning restore CS1591
}

/// <summary>Linux: the flags of setxattr(2).</summary>
[Flags]
public enum XattrFlags
{
#pragma warning disable CS1591 // setxattr(2) explains them.
    None = 0,
    XATTR_CREATE = 1,
    XATTR_REPLACE = 2,
#pragma warning restore CS1591
}

/// <summary>Linux: <c>MAY_*</c> of fs.h, the numbers of access(2).</summary>
[Flags]
public enum AccessMask
{
    /// <summary>Existence alone.</summary>
    None = 0,

    /// <summary>Execute a file, search a directory.</summary>
    MAY_EXEC = 1,

    /// <summary>Write.</summary>
    MAY_WRITE = 2,

    /// <summary>Read.</summary>
    MAY_READ = 4,
}

/// <summary>Linux: <c>DT_*</c>, the file types of getdents64(2): the type bits of the mode, shifted.</summary>
internal enum DirentType : byte
{
    DT_UNKNOWN = 0,
    DT_FIFO = 1,
    DT_CHR = 2,
    DT_DIR = 4,
    DT_BLK = 6,
    DT_REG = 8,
    DT_LNK = 10,
    DT_SOCK = 12,
}
