using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>dup(2), dup2(2) and dup3(2).</summary>
internal static class DuplicateSyscalls
{
    [Syscall(32, "dup")]
    internal static SyscallResult Dup(GuestThread thread, int fd)
    {
        using var use = thread.Files.Get(fd);
        return use.File is { } file ? thread.Files.Add(file.Retain(), closeOnExec: false) : Errno.EBADF;
    }

    [Syscall(33, "dup2")]
    internal static SyscallResult Dup2(GuestThread thread, int fd, int target)
    {
        if (fd != target)
            return Replace(thread, fd, target, closeOnExec: false);
        using var use = thread.Files.Get(fd);
        return use.File is null ? Errno.EBADF : fd;
    }

    [Syscall(292, "dup3")]
    internal static SyscallResult Dup3(GuestThread thread, int fd, int target, [ShownBy(nameof(TraceWriter.DescriptorFlags))] OpenFlags flags) =>
        (flags & ~OpenFlags.O_CLOEXEC) != 0 || fd == target ? Errno.EINVAL : Replace(thread, fd, target, flags != 0);

    private static SyscallResult Replace(GuestThread thread, int fd, int target, bool closeOnExec)
    {
        using var use = thread.Files.Get(fd);
        return use.File is { } file ? thread.Files.Replace(target, file.Retain(), closeOnExec) : Errno.EBADF;
    }
}
