using Nommu.Core.Abi;
using Nommu.Core.Fs.Signalfd;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>signalfd(2).</summary>
[SyscallFamily(SyscallClasses.Signal)]
internal static class SignalfdSyscalls
{
    /// <summary>In place of a descriptor: a new one.</summary>
    private const int NoDescriptor = -1;

    [Syscall(282, "signalfd")]
    internal static SyscallResult Signalfd(GuestThread thread, int fd, UserPtr<SigSet> mask, ulong size) => Signalfd4(thread, fd, mask, size, SignalfdFlags.None);

    [Syscall(289, "signalfd4")]
    internal static SyscallResult Signalfd4(GuestThread thread, int fd, UserPtr<SigSet> mask, ulong size, SignalfdFlags flags)
    {
        if (size != sizeof(ulong))
            return Errno.EINVAL;
        if (thread.Memory.Read(mask, out var wanted) is not Errno.None and var error)
            return error;
        if ((flags & ~(SignalfdFlags.SFD_NONBLOCK | SignalfdFlags.SFD_CLOEXEC)) != 0)
            return Errno.EINVAL;
        wanted &= ~SigSet.Unblockable;
        if (fd == NoDescriptor)
            return thread.Files.Add(SignalfdFile.Create(thread.Fs.FileSystem, wanted, flags), (flags & SignalfdFlags.SFD_CLOEXEC) != 0);
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        if (file is not SignalfdFile signals)
            return Errno.EINVAL;
        signals.Change(wanted);
        return fd;
    }
}
