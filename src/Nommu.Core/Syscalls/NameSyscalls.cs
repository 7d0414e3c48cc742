using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>mkdir(2), mknod(2), rmdir(2), unlink(2), rename(2), link(2), symlink(2), with their *at forms.</summary>
internal static class NameSyscalls
{
    [Syscall(83, "mkdir")]
    internal static SyscallResult Mkdir(GuestThread thread, UserPtr<byte> path, InodeMode mode) => Mkdirat(thread, UserPath.AT_FDCWD, path, mode);

    [Syscall(258, "mkdirat")]
    internal static SyscallResult Mkdirat(GuestThread thread, int directory, UserPtr<byte> path, InodeMode mode)
    {
        var name = UserPath.Read(thread, directory, path);
        return name.Error != Errno.None ? name.Error : NameCreation.MakeDirectory(thread.FsCaller, name.Start, name.Text, mode);
    }

    [Syscall(133, "mknod")]
    internal static SyscallResult Mknod(GuestThread thread, UserPtr<byte> path, InodeMode mode, [ShownBy(nameof(TraceWriter.DeviceNumber))] uint device) => Mknodat(thread, UserPath.AT_FDCWD, path, mode, device);

    [Syscall(259, "mknodat")]
    internal static SyscallResult Mknodat(GuestThread thread, int directory, UserPtr<byte> path, InodeMode mode, [ShownBy(nameof(TraceWriter.DeviceNumber))] uint device)
    {
        var name = UserPath.Read(thread, directory, path);
        return name.Error != Errno.None ? name.Error : NameCreation.MakeNode(thread.FsCaller, name.Start, name.Text, mode, DeviceNumber.FromEncoded(device)).Error;
    }

    [Syscall(84, "rmdir")]
    internal static SyscallResult Rmdir(GuestThread thread, UserPtr<byte> path) => Unlinkat(thread, UserPath.AT_FDCWD, path, AtFlags.AT_REMOVEDIR);

    [Syscall(87, "unlink")]
    internal static SyscallResult Unlink(GuestThread thread, UserPtr<byte> path) => Unlinkat(thread, UserPath.AT_FDCWD, path, AtFlags.None);

    [Syscall(263, "unlinkat")]
    internal static SyscallResult Unlinkat(GuestThread thread, int directory, UserPtr<byte> path, AtFlags flags)
    {
        if ((flags & ~AtFlags.AT_REMOVEDIR) != 0)
            return Errno.EINVAL;
        var name = UserPath.Read(thread, directory, path);
        if (name.Error != Errno.None)
            return name.Error;
        return flags == AtFlags.None ? NameRemoval.Unlink(thread.FsCaller, name.Start, name.Text) : NameRemoval.RemoveDirectory(thread.FsCaller, name.Start, name.Text);
    }

    [Syscall(82, "rename")]
    internal static SyscallResult Rename(GuestThread thread, UserPtr<byte> oldPath, UserPtr<byte> newPath) =>
        Renameat2(thread, UserPath.AT_FDCWD, oldPath, UserPath.AT_FDCWD, newPath, RenameFlags.None);

    [Syscall(264, "renameat")]
    internal static SyscallResult Renameat(GuestThread thread, int oldDirectory, UserPtr<byte> oldPath, int newDirectory, UserPtr<byte> newPath) =>
        Renameat2(thread, oldDirectory, oldPath, newDirectory, newPath, RenameFlags.None);

    [Syscall(316, "renameat2")]
    internal static SyscallResult Renameat2(GuestThread thread, int oldDirectory, UserPtr<byte> oldPath, int newDirectory, UserPtr<byte> newPath, RenameFlags flags)
    {
        var from = UserPath.Read(thread, oldDirectory, oldPath);
        if (from.Error != Errno.None)
            return from.Error;
        var to = UserPath.ReadOther(thread, newDirectory, newPath);
        return to.Error != Errno.None ? to.Error : Renaming.Rename(thread.FsCaller, from.Start, from.Text, to.Start, to.Text, flags);
    }

    [Syscall(86, "link")]
    internal static SyscallResult Link(GuestThread thread, UserPtr<byte> oldPath, UserPtr<byte> newPath) =>
        Linkat(thread, UserPath.AT_FDCWD, oldPath, UserPath.AT_FDCWD, newPath, AtFlags.None);

    [Syscall(265, "linkat")]
    internal static SyscallResult Linkat(GuestThread thread, int oldDirectory, UserPtr<byte> oldPath, int newDirectory, UserPtr<byte> newPath, AtFlags flags)
    {
        if ((flags & ~(AtFlags.AT_SYMLINK_FOLLOW | AtFlags.AT_EMPTY_PATH)) != 0)
            return Errno.EINVAL;
        if ((flags & AtFlags.AT_EMPTY_PATH) != 0 && !thread.Credentials.Has(Capability.CAP_DAC_READ_SEARCH))
            return Errno.ENOENT;
        var found = UserPath.Read(thread, oldDirectory, oldPath).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_FOLLOW) != 0);
        if (!found.TryGet(out var old))
            return found.Error;
        var name = UserPath.ReadOther(thread, newDirectory, newPath);
        return name.Error != Errno.None ? name.Error : NameCreation.Link(thread.FsCaller, old, name.Start, name.Text);
    }

    [Syscall(88, "symlink")]
    internal static SyscallResult Symlink(GuestThread thread, UserPtr<byte> target, UserPtr<byte> path) => Symlinkat(thread, target, UserPath.AT_FDCWD, path);

    [Syscall(266, "symlinkat")]
    internal static SyscallResult Symlinkat(GuestThread thread, UserPtr<byte> target, int directory, UserPtr<byte> path)
    {
        var text = UserPath.ReadOther(thread, UserPath.AT_FDCWD, target);
        if (text.Error != Errno.None)
            return text.Error;
        var name = UserPath.Read(thread, directory, path);
        return name.Error != Errno.None ? name.Error : NameCreation.MakeSymlink(thread.FsCaller, name.Start, name.Text, text.Text);
    }
}
