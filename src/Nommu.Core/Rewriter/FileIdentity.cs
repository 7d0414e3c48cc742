namespace Nommu.Core.Rewriter;

/// <summary>What makes a file the same file with the same contents inside one kernel: Linux's <c>st_dev</c>, <c>st_ino</c>, <c>st_size</c>, <c>st_mtim</c> and a counter that every write moves (STATX_CHANGE_COOKIE).</summary>
/// <param name="Device">Unique per file system in the kernel.</param>
/// <param name="Inode">Unique in the file system.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifyTime">Nanoseconds; alone it would not do, since a host's clock may stand still.</param>
/// <param name="Change">Differs after any change of the contents.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, ulong Size, long ModifyTime, ulong Change);
