using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>stat(2), statx(2), access(2), readlink(2), statfs(2).</summary>
internal static class StatSyscalls
{
    [Syscall(4, "stat")]
    internal static SyscallResult Stat(GuestThread thread, UserPtr<byte> path, [Out] UserPtr<Stat> status) => Newfstatat(thread, UserPath.AT_FDCWD, path, status, AtFlags.None);

    [Syscall(6, "lstat")]
    internal static SyscallResult Lstat(GuestThread thread, UserPtr<byte> path, [Out] UserPtr<Stat> status) => Newfstatat(thread, UserPath.AT_FDCWD, path, status, AtFlags.AT_SYMLINK_NOFOLLOW);

    [Syscall(5, "fstat")]
    internal static SyscallResult Fstat(GuestThread thread, int fd, [Out] UserPtr<Stat> status)
    {
        using var use = thread.Files.Get(fd);
        return use.File is { } file ? thread.Memory.Write(status, StatReading.Read(file.Path)) : Errno.EBADF;
    }

    [Syscall(262, "newfstatat")]
    internal static SyscallResult Newfstatat(GuestThread thread, int directory, UserPtr<byte> path, [Out] UserPtr<Stat> status, AtFlags flags)
    {
        if ((flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH | AtFlags.AT_NO_AUTOMOUNT)) != 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, directory, path).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? thread.Memory.Write(status, StatReading.Read(place)) : found.Error;
    }

    [Syscall(332, "statx")]
    internal static SyscallResult Statx(GuestThread thread, int directory, UserPtr<byte> path, AtFlags flags, [ShownAs(typeof(StatxMask))] uint mask, [Out] UserPtr<Statx> status)
    {
        const uint reserved = 0x80000000;
        const AtFlags sync = AtFlags.AT_STATX_FORCE_SYNC | AtFlags.AT_STATX_DONT_SYNC;
        if ((mask & reserved) != 0 || (flags & sync) == sync || (flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH | AtFlags.AT_NO_AUTOMOUNT | sync)) != 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, directory, path).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? thread.Memory.Write(status, StatReading.ReadExtended(place)) : found.Error;
    }

    [Syscall(21, "access")]
    internal static SyscallResult Access(GuestThread thread, UserPtr<byte> path, AccessMask mode) => Faccessat2(thread, UserPath.AT_FDCWD, path, mode, AtFlags.None);

    [Syscall(269, "faccessat")]
    internal static SyscallResult Faccessat(GuestThread thread, int directory, UserPtr<byte> path, AccessMask mode) => Faccessat2(thread, directory, path, mode, AtFlags.None);

    [Syscall(439, "faccessat2")]
    internal static SyscallResult Faccessat2(GuestThread thread, int directory, UserPtr<byte> path, AccessMask mode, AtFlags flags)
    {
        if (((int)mode & ~7) != 0 || (flags & ~(AtFlags.AT_EACCESS | AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH)) != 0)
            return Errno.EINVAL;
        var caller = thread.FsCaller;
        if ((flags & AtFlags.AT_EACCESS) == 0)
            caller = caller with { Credentials = caller.Credentials.AsReal() };
        var name = UserPath.Read(thread, directory, path);
        if (name.Error != Errno.None)
            return name.Error;
        if (name.Text.IsEmpty && (flags & AtFlags.AT_EMPTY_PATH) != 0)
            return AttributeOperations.CheckAccess(caller, name.Start, mode);
        var found = caller.Resolve(name.Start, name.Text, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? AttributeOperations.CheckAccess(caller, place, mode) : found.Error;
    }

    [Syscall(89, "readlink")]
    internal static SyscallResult Readlink(GuestThread thread, UserPtr<byte> path, [Out, Elements(nameof(size))] UserPtr<byte> buffer, int size) => Readlinkat(thread, UserPath.AT_FDCWD, path, buffer, size);

    [Syscall(267, "readlinkat")]
    internal static SyscallResult Readlinkat(GuestThread thread, int directory, UserPtr<byte> path, [Out, Elements(nameof(size))] UserPtr<byte> buffer, int size)
    {
        if (size <= 0)
            return Errno.EINVAL;
        var name = UserPath.Read(thread, directory, path);
        var found = name.Resolve(thread, AtFlags.AT_EMPTY_PATH, follow: false);
        if (!found.TryGet(out var place))
            return found.Error;
        if (place.Inode is not SymlinkInode link)
            return name.Text.IsEmpty ? Errno.ENOENT : Errno.EINVAL;
        link.TouchAccessed(place.Mount);
        var read = link.ReadLink(thread.FsCaller);
        if (!read.TryGet(out var target))
            return read.Error;
        var length = Math.Min(size, target.Length);
        var error = thread.Memory.Write(buffer.Address, target.AsSpan(0, length));
        return error != Errno.None ? error : length;
    }

    [Syscall(137, "statfs")]
    internal static SyscallResult Statfs(GuestThread thread, UserPtr<byte> path, [Out] UserPtr<Statfs> status)
    {
        var found = UserPath.Read(thread, path).Resolve(thread, AtFlags.None, follow: true);
        return found.TryGet(out var place) ? Statfs(thread, place, status) : found.Error;
    }

    [Syscall(138, "fstatfs")]
    internal static SyscallResult Fstatfs(GuestThread thread, int fd, [Out] UserPtr<Statfs> status)
    {
        using var use = thread.Files.Get(fd);
        return use.File is { } file ? Statfs(thread, file.Path, status) : Errno.EBADF;
    }

    private static Errno Statfs(GuestThread thread, FsPath path, UserPtr<Statfs> status)
    {
        var read = StatReading.ReadFileSystem(path);
        return read.TryGet(out var found) ? thread.Memory.Write(status, found) : read.Error;
    }
}
