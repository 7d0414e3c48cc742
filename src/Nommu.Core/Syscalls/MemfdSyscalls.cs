using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>memfd_create(2). There are no huge pages, and no seal on the executable bits (MFD_NOEXEC_SEAL), as before Linux 6.3.</summary>
internal static class MemfdSyscalls
{
    /// <summary>Linux: NAME_MAX without "memfd:", and the zero.</summary>
    private const int NameLimit = 250;

    [Syscall(319, "memfd_create")]
    internal static SyscallResult MemfdCreate(GuestThread thread, UserPtr<byte> name, MemfdFlags flags)
    {
        if ((flags & ~(MemfdFlags.MFD_CLOEXEC | MemfdFlags.MFD_ALLOW_SEALING | MemfdFlags.MFD_EXEC)) != 0)
            return Errno.EINVAL;
        var length = thread.Memory.ReadString(name.Address, thread.PathBuffer.AsSpan(0, NameLimit));
        if (!length.IsOk)
            return length.Error == Errno.ENAMETOOLONG ? Errno.EINVAL : length.Error;
        var made = thread.Fs.FileSystem.Memfd.Create(thread.FsCaller, thread.PathBuffer.AsSpan(0, length.Value), (flags & MemfdFlags.MFD_ALLOW_SEALING) != 0);
        return made.TryGet(out var file) ? thread.Files.Add(file, (flags & MemfdFlags.MFD_CLOEXEC) != 0) : made.Error;
    }
}
