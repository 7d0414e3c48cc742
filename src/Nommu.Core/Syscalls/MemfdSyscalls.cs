using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>memfd_create(2). There are no huge pages (MFD_HUGETLB), as on a Linux without them.</summary>
internal static class MemfdSyscalls
{
    /// <summary>Linux: NAME_MAX without "memfd:", and the zero.</summary>
    private const int NameLimit = 250;

    private const MemfdFlags Either = MemfdFlags.MFD_EXEC | MemfdFlags.MFD_NOEXEC_SEAL;

    [Syscall(319, "memfd_create")]
    internal static SyscallResult MemfdCreate(GuestThread thread, UserPtr<byte> name, MemfdFlags flags)
    {
        if ((flags & ~(MemfdFlags.MFD_CLOEXEC | MemfdFlags.MFD_ALLOW_SEALING | MemfdFlags.MFD_EXEC | MemfdFlags.MFD_NOEXEC_SEAL)) != 0 || (flags & Either) == Either)
            return Errno.EINVAL;
        var length = thread.Memory.ReadString(name.Address, thread.PathBuffer.AsSpan(0, NameLimit));
        if (!length.IsOk)
            return length.Error == Errno.ENAMETOOLONG ? Errno.EINVAL : length.Error;
        var made = thread.Fs.FileSystem.Memfd.Create(thread.FsCaller, thread.PathBuffer.AsSpan(0, length.Value), flags);
        return made.TryGet(out var file) ? thread.Files.Add(file, (flags & MemfdFlags.MFD_CLOEXEC) != 0) : made.Error;
    }
}
