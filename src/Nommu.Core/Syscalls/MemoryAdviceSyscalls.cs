using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>madvise(2), msync(2), mincore(2), mlock(2) and its kin.</summary>
[SyscallFamily(SyscallClasses.Memory)]
internal static class MemoryAdviceSyscalls
{
    private const int MLOCK_ONFAULT = 1;
    private const int PagesAtATime = 1024;

    [Syscall(28, "madvise")]
    internal static SyscallResult Madvise(GuestThread thread, ulong address, ulong length, MemoryAdvice advice) => thread.Space.Advise(address, length, advice);

    [Syscall(26, "msync")]
    internal static SyscallResult Msync(GuestThread thread, ulong address, ulong length, MsyncFlags flags) => thread.Space.Sync(address, length, flags);

    [Syscall(27, "mincore")]
    internal static SyscallResult Mincore(GuestThread thread, ulong address, ulong length, ulong vector)
    {
        if ((address & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (address + length < address)
            return Errno.ENOMEM;
        Span<byte> pages = stackalloc byte[PagesAtATime];
        for (var left = Arena.PageUp(length) / Arena.PageSize; left > 0;)
        {
            var now = pages[..(int)Math.Min(left, PagesAtATime)];
            var error = thread.Space.Resident(address, now);
            if (error == Errno.None)
                error = thread.Memory.Write(vector, now);
            if (error != Errno.None)
                return error;
            address += (ulong)now.Length * Arena.PageSize;
            vector += (ulong)now.Length;
            left -= (ulong)now.Length;
        }
        return 0;
    }

    [Syscall(149, "mlock")]
    internal static SyscallResult Mlock(GuestThread thread, ulong address, ulong length) => thread.Space.LockPages(address, length, whenTouched: false, thread.MemoryLimits);

    [Syscall(325, "mlock2")]
    internal static SyscallResult Mlock2(GuestThread thread, ulong address, ulong length, int flags) =>
        (flags & ~MLOCK_ONFAULT) != 0 ? Errno.EINVAL : thread.Space.LockPages(address, length, flags == MLOCK_ONFAULT, thread.MemoryLimits);

    [Syscall(150, "munlock")]
    internal static SyscallResult Munlock(GuestThread thread, ulong address, ulong length) => thread.Space.UnlockPages(address, length);

    [Syscall(151, "mlockall")]
    internal static SyscallResult Mlockall(GuestThread thread, MlockallFlags flags)
    {
        const MlockallFlags Known = MlockallFlags.MCL_CURRENT | MlockallFlags.MCL_FUTURE | MlockallFlags.MCL_ONFAULT;
        if ((flags & ~Known) != 0 || flags is MlockallFlags.None or MlockallFlags.MCL_ONFAULT)
            return Errno.EINVAL;
        return thread.Space.LockAll(flags, thread.MemoryLimits);
    }

    [Syscall(152, "munlockall")]
    internal static SyscallResult Munlockall(GuestThread thread)
    {
        thread.Space.UnlockAll();
        return 0;
    }
}
