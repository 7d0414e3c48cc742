using Nommu.Core.Abi;
using Nommu.Core.Fs.Eventfd;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>eventfd(2).</summary>
internal static class EventfdSyscalls
{
    [Syscall(284, "eventfd")]
    internal static SyscallResult Eventfd(GuestThread thread, uint count) => Eventfd2(thread, count, EventfdFlags.None);

    [Syscall(290, "eventfd2")]
    internal static SyscallResult Eventfd2(GuestThread thread, uint count, EventfdFlags flags)
    {
        if ((flags & ~(EventfdFlags.EFD_SEMAPHORE | EventfdFlags.EFD_NONBLOCK | EventfdFlags.EFD_CLOEXEC)) != 0)
            return Errno.EINVAL;
        return thread.Files.Add(EventfdFile.Create(thread.Fs.FileSystem, count, flags), (flags & EventfdFlags.EFD_CLOEXEC) != 0);
    }
}
