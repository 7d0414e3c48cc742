using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>arch_prctl(2) and set_tid_address(2): what a C library calls first.</summary>
internal static class ArchPrctlSyscalls
{
    private const int ARCH_SET_FS = 0x1002;

    [Syscall(158, "arch_prctl")]
    internal static SyscallResult ArchPrctl(GuestThread thread, int code, ulong address)
    {
        if (code != ARCH_SET_FS)
            return Errno.EINVAL;
        thread.Cpu.Context.FsBase = address;
        return 0;
    }

    [Syscall(218, "set_tid_address")]
    internal static SyscallResult SetTidAddress(GuestThread thread, ulong address)
    {
        thread.ClearChildTid = address;
        return thread.Id;
    }
}
