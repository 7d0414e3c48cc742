using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>open(2), openat2(2), creat(2), close(2) and close_range(2).</summary>
internal static class OpenSyscalls
{
    private const uint CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4;

    [Syscall(2, "open")]
    internal static SyscallResult Open(GuestThread thread, UserPtr<byte> path, OpenFlags flags, [ShownBy(nameof(TraceWriter.CreationMode))] InodeMode mode) => Openat(thread, UserPath.AT_FDCWD, path, flags, mode);

    [Syscall(85, "creat")]
    internal static SyscallResult Creat(GuestThread thread, UserPtr<byte> path, InodeMode mode) =>
        Openat(thread, UserPath.AT_FDCWD, path, OpenFlags.O_CREAT | OpenFlags.O_WRONLY | OpenFlags.O_TRUNC, mode);

    [Syscall(257, "openat")]
    internal static SyscallResult Openat(GuestThread thread, int directory, UserPtr<byte> path, OpenFlags flags, [ShownBy(nameof(TraceWriter.CreationMode))] InodeMode mode)
    {
        var name = UserPath.Read(thread, directory, path);
        if (name.Error != Errno.None)
            return name.Error;
        var opened = FileOpening.Open(thread.FsCaller, name.Start, name.Text, flags, mode);
        return opened.TryGet(out var file) ? thread.Files.Add(file, (flags & OpenFlags.O_CLOEXEC) != 0) : opened.Error;
    }

    /// <summary>openat2(2) without its restrictions on the walk (RESOLVE_*), which answer EINVAL as in a kernel that does not know them.</summary>
    [Syscall(437, "openat2")]
    internal static SyscallResult Openat2(GuestThread thread, int directory, UserPtr<byte> path, UserPtr<OpenHow> how, nuint size)
    {
        if (size < (nuint)Marshal.SizeOf<OpenHow>())
            return Errno.EINVAL;
        if (size > (nuint)Marshal.SizeOf<OpenHow>())
            return Errno.E2BIG;
        if (thread.Memory.Read(how, out var wanted) != Errno.None)
            return Errno.EFAULT;
        var flags = (OpenFlags)wanted.Flags;
        var creates = (flags & (OpenFlags.O_CREAT | OpenFlags.__O_TMPFILE)) != 0;
        if (wanted.Flags > uint.MaxValue || (creates ? wanted.Mode & ~0xFFFUL : wanted.Mode) != 0 || wanted.Resolve != 0)
            return Errno.EINVAL;
        return Openat(thread, directory, path, flags, (InodeMode)wanted.Mode);
    }

    [Syscall(3, "close")]
    internal static SyscallResult Close(GuestThread thread, int fd) => thread.Files.Close(fd);

    [Syscall(436, "close_range")]
    internal static SyscallResult CloseRange(GuestThread thread, uint first, uint last, uint flags)
    {
        if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0 || first > last)
            return Errno.EINVAL;
        if ((flags & CLOSE_RANGE_UNSHARE) != 0 && thread.Files.IsShared)
            return Errno.EINVAL;
        if ((flags & CLOSE_RANGE_CLOEXEC) != 0)
            thread.Files.SetCloseOnExecRange(first, last);
        else
            thread.Files.CloseRange(first, last);
        return Errno.None;
    }
}
