using System.Text;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>mount(2), umount2(2), pivot_root(2).</summary>
internal static class MountSyscalls
{
    /// <summary>The magic number that very old programs put into the upper half of the flags.</summary>
    private const MountFlags MagicMask = (MountFlags)0xffff0000, Magic = (MountFlags)0xc0ed0000;

    /// <summary>mount(2): no more than a page of options is read.</summary>
    private const int PageSize = 4096;

    [Syscall(165, "mount")]
    internal static SyscallResult Mount(GuestThread thread, UserPtr<byte> source, UserPtr<byte> target, UserPtr<byte> type, MountFlags flags, UserPtr<byte> data)
    {
        if ((flags & MagicMask) == Magic)
            flags &= ~MagicMask;
        var typeName = ReadText(thread, type, PageSize);
        if (!typeName.IsOk)
            return typeName.Error;
        var sourceName = ReadText(thread, source, GuestThread.MaximumPath);
        if (!sourceName.IsOk)
            return sourceName.Error;
        var options = ReadOptions(thread, data);
        if (!options.IsOk)
            return options.Error;
        var found = UserPath.Read(thread, target).Resolve(thread, AtFlags.None, follow: true);
        if (!found.TryGet(out var place))
            return found.Error;
        if (!thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        return MountOperations.Perform(thread.FsCaller, place, sourceName.Value, type.Address == 0 ? null : Encoding.UTF8.GetString(typeName.Value!), flags, options.Value);
    }

    [Syscall(166, "umount2")]
    internal static SyscallResult Umount2(GuestThread thread, UserPtr<byte> target, UmountFlags flags)
    {
        if ((flags & ~(UmountFlags.MNT_FORCE | UmountFlags.MNT_DETACH | UmountFlags.MNT_EXPIRE | UmountFlags.UMOUNT_NOFOLLOW)) != 0)
            return Errno.EINVAL;
        var found = UserPath.Read(thread, target).Resolve(thread, AtFlags.None, (flags & UmountFlags.UMOUNT_NOFOLLOW) == 0);
        if (!found.TryGet(out var place))
            return found.Error;
        return thread.Credentials.Has(Capability.CAP_SYS_ADMIN) ? MountOperations.Unmount(thread.FsCaller, place, flags) : Errno.EPERM;
    }

    [Syscall(155, "pivot_root")]
    internal static SyscallResult PivotRoot(GuestThread thread, UserPtr<byte> newRoot, UserPtr<byte> putOld)
    {
        if (!thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        var root = FindDirectory(thread, newRoot);
        if (!root.TryGet(out var rootPlace))
            return root.Error;
        var old = FindDirectory(thread, putOld);
        return old.TryGet(out var oldPlace) ? MountOperations.Pivot(thread.FsCaller, rootPlace, oldPlace) : old.Error;
    }

    private static Result<FsPath> FindDirectory(GuestThread thread, UserPtr<byte> path)
    {
        var found = UserPath.Read(thread, path).Resolve(thread, AtFlags.None, follow: true);
        return !found.TryGet(out var place) || place.Inode is DirectoryInode ? found : Errno.ENOTDIR;
    }

    /// <summary>Linux: <c>copy_mount_string</c>. A null pointer is an empty text.</summary>
    private static Result<byte[]> ReadText(GuestThread thread, UserPtr<byte> text, int limit)
    {
        if (text.Address == 0)
            return Array.Empty<byte>();
        var buffer = new byte[limit];
        var read = thread.Memory.ReadString(text.Address, buffer);
        if (read.TryGet(out var length))
            return buffer[..length];
        return read.Error == Errno.ENAMETOOLONG && limit != GuestThread.MaximumPath ? Errno.EINVAL : read.Error;
    }

    /// <summary>Linux: <c>copy_mount_options</c>: a page, or what of it is there, up to its zero.</summary>
    private static Result<byte[]> ReadOptions(GuestThread thread, UserPtr<byte> data)
    {
        if (data.Address == 0)
            return Array.Empty<byte>();
        var buffer = new byte[PageSize];
        var missing = thread.Memory.CopyFromUserPartial(buffer, data.Address);
        if (missing == buffer.Length)
            return Errno.EFAULT;
        var end = Array.IndexOf(buffer, (byte)0);
        return buffer[..(end < 0 ? buffer.Length - missing : Math.Min(end, buffer.Length - missing))];
    }
}
