using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>chmod(2), chown(2), umask(2) and truncate(2), with their descriptor and *at forms.</summary>
internal static class AttributeSyscalls
{
    [Syscall(90, "chmod")]
    internal static SyscallResult Chmod(GuestThread thread, UserPtr<byte> path, InodeMode mode) => Fchmodat(thread, UserPath.AT_FDCWD, path, mode);

    [Syscall(268, "fchmodat")]
    internal static SyscallResult Fchmodat(GuestThread thread, int directory, UserPtr<byte> path, InodeMode mode) => Fchmodat2(thread, directory, path, mode, AtFlags.None);

    [Syscall(452, "fchmodat2")]
    internal static SyscallResult Fchmodat2(GuestThread thread, int directory, UserPtr<byte> path, InodeMode mode, AtFlags flags)
    {
        if ((flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH)) != 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, directory, path).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? AttributeOperations.ChangeMode(thread.FsCaller, place, mode) : found.Error;
    }

    [Syscall(91, "fchmod")]
    internal static SyscallResult Fchmod(GuestThread thread, int fd, InodeMode mode)
    {
        using var use = thread.Files.Get(fd);
        return use.Opened is { } file ? AttributeOperations.ChangeMode(thread.FsCaller, file.Path, mode) : Errno.EBADF;
    }

    [Syscall(92, "chown")]
    internal static SyscallResult Chown(GuestThread thread, UserPtr<byte> path, uint owner, uint group) => Fchownat(thread, UserPath.AT_FDCWD, path, owner, group, AtFlags.None);

    [Syscall(94, "lchown")]
    internal static SyscallResult Lchown(GuestThread thread, UserPtr<byte> path, uint owner, uint group) =>
        Fchownat(thread, UserPath.AT_FDCWD, path, owner, group, AtFlags.AT_SYMLINK_NOFOLLOW);

    [Syscall(260, "fchownat")]
    internal static SyscallResult Fchownat(GuestThread thread, int directory, UserPtr<byte> path, uint owner, uint group, AtFlags flags)
    {
        if ((flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH)) != 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, directory, path).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? AttributeOperations.ChangeOwner(thread.FsCaller, place, owner, group) : found.Error;
    }

    [Syscall(93, "fchown")]
    internal static SyscallResult Fchown(GuestThread thread, int fd, uint owner, uint group)
    {
        using var use = thread.Files.Get(fd);
        return use.Opened is { } file ? AttributeOperations.ChangeOwner(thread.FsCaller, file.Path, owner, group) : Errno.EBADF;
    }

    [Syscall(95, "umask")]
    [return: ShownBy(nameof(TraceWriter.OctalResult))]
    internal static SyscallResult Umask(GuestThread thread, InodeMode mask)
    {
        var old = thread.Fs.Umask;
        thread.Fs.Umask = mask & InodeMode.S_IRWXUGO;
        return (long)old;
    }

    [Syscall(76, "truncate")]
    internal static SyscallResult Truncate(GuestThread thread, UserPtr<byte> path, long length)
    {
        if (length < 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, path).Resolve(thread, AtFlags.None, follow: true);
        return found.TryGet(out var place) ? AttributeOperations.Truncate(thread.FsCaller, place, length) : found.Error;
    }

    [Syscall(77, "ftruncate")]
    internal static SyscallResult Ftruncate(GuestThread thread, int fd, long length)
    {
        if (length < 0)
            return Errno.EINVAL;
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (!file.CanWrite || file.Inode is not RegularInode regular)
            return Errno.EINVAL;
        if (regular.IsAppendOnly)
            return Errno.EPERM;
        var error = FileSizeLimit.Check(thread, length);
        if (error == Errno.None)
            error = file.Truncate(length);
        if (error == Errno.None)
            AttributeOperations.DropPrivileges(thread.FsCaller, regular);
        return error;
    }

    [Syscall(285, "fallocate")]
    internal static SyscallResult Fallocate(GuestThread thread, int fd, FallocateMode mode, long offset, long length)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (offset < 0 || length <= 0)
            return Errno.EINVAL;
        if ((mode & FallocateMode.FALLOC_FL_PUNCH_HOLE) != 0 && (mode & FallocateMode.FALLOC_FL_KEEP_SIZE) == 0)
            return Errno.EOPNOTSUPP;
        if (!file.CanWrite)
            return Errno.EBADF;
        if (file.Inode.IsImmutable || (file.Inode.IsAppendOnly && (mode & ~FallocateMode.FALLOC_FL_KEEP_SIZE) != 0))
            return Errno.EPERM;
        return file.Inode.Type switch
        {
            InodeMode.S_IFREG => file.Allocate(mode, offset, length),
            InodeMode.S_IFIFO => Errno.ESPIPE,
            InodeMode.S_IFDIR => Errno.EISDIR,
            _ => Errno.ENODEV,
        };
    }
}
