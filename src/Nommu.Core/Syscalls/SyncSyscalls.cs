using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>sync(2), syncfs(2), fsync(2), fdatasync(2), sync_file_range(2), posix_fadvise(2), readahead(2).</summary>
internal static class SyncSyscalls
{
    [Syscall(162, "sync")]
    internal static SyscallResult Sync(GuestThread thread)
    {
        foreach (var mount in thread.Fs.Mounts.Snapshot())
            _ = mount.SuperBlock.Sync(); // sync(2) tells of no errors
        return 0;
    }

    [Syscall(306, "syncfs")]
    internal static SyscallResult Syncfs(GuestThread thread, int fd)
    {
        using var use = thread.Files.Get(fd);
        return use.Opened is { } file ? file.Inode.SuperBlock.Sync() : Errno.EBADF;
    }

    [Syscall(74, "fsync")]
    internal static SyscallResult Fsync(GuestThread thread, int fd)
    {
        using var use = thread.Files.Get(fd);
        return use.Opened is { } file ? file.Fsync(dataOnly: false) : Errno.EBADF;
    }

    [Syscall(75, "fdatasync")]
    internal static SyscallResult Fdatasync(GuestThread thread, int fd)
    {
        using var use = thread.Files.Get(fd);
        return use.Opened is { } file ? file.Fsync(dataOnly: true) : Errno.EBADF;
    }

    [Syscall(277, "sync_file_range")]
    internal static SyscallResult SyncFileRange(GuestThread thread, int fd, long offset, long length, SyncFileRangeFlags flags)
    {
        const SyncFileRangeFlags Known = SyncFileRangeFlags.SYNC_FILE_RANGE_WAIT_BEFORE | SyncFileRangeFlags.SYNC_FILE_RANGE_WRITE | SyncFileRangeFlags.SYNC_FILE_RANGE_WAIT_AFTER;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if ((flags & ~Known) != 0 || offset < 0 || length < 0 || offset > long.MaxValue - length)
            return Errno.EINVAL;
        if (file.Inode is not (RegularInode or DirectoryInode or SymlinkInode) && file.Inode.Type != InodeMode.S_IFBLK)
            return Errno.ESPIPE;
        return flags == SyncFileRangeFlags.None ? Errno.None : file.Fsync(dataOnly: true);
    }

    /// <summary>Advice is only advice, and all file contents are in memory: it is checked and then has nothing to change.</summary>
    [Syscall(221, "fadvise64")]
    internal static SyscallResult Fadvise64(GuestThread thread, int fd, long offset, long length, FileAdvice advice)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (file.Inode.Type == InodeMode.S_IFIFO)
            return Errno.ESPIPE;
        return length < 0 || advice is < FileAdvice.POSIX_FADV_NORMAL or > FileAdvice.POSIX_FADV_NOREUSE ? Errno.EINVAL : Errno.None;
    }

    [Syscall(187, "readahead")]
    internal static SyscallResult Readahead(GuestThread thread, int fd, long offset, nuint count)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { CanRead: true } file)
            return Errno.EBADF;
        return file.Inode is RegularInode || file.Inode.Type == InodeMode.S_IFBLK ? Errno.None : Errno.EINVAL;
    }
}
