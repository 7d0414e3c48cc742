using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>What a C library calls first: arch_prctl(2), set_tid_address(2), set_robust_list(2).</summary>
internal static class ThreadSetupSyscalls
{
    /// <summary>FS is the program's own. GS is where rewritten code finds the kernel until a program sets it (<see cref="AddressSpace.TakeGs"/>); it reads as the 0 that a program finds at its start.</summary>
    [Syscall(158, "arch_prctl")]
    internal static SyscallResult ArchPrctl(GuestThread thread, ArchPrctlCode code, ulong address)
    {
        switch (code)
        {
            case ArchPrctlCode.ARCH_SET_FS:
                if (address >= AddressSpace.TaskSize)
                    return Errno.EPERM;
                thread.Cpu.Context.FsBase = address;
                return Errno.None;
            case ArchPrctlCode.ARCH_GET_FS:
                return thread.Memory.Write(new UserPtr<ulong>(address), thread.Cpu.Context.FsBase);
            case ArchPrctlCode.ARCH_SET_GS:
                if (address >= AddressSpace.TaskSize)
                    return Errno.EPERM;
                var error = address == 0 && !thread.Space.HasOwnGs ? Errno.None : thread.Space.TakeGs();
                if (error == Errno.None)
                    thread.Cpu.Context.GsBase = address;
                return error;
            case ArchPrctlCode.ARCH_GET_GS:
                return thread.Memory.Write(new UserPtr<ulong>(address), thread.Cpu.Context.GsBase);
            case ArchPrctlCode.ARCH_GET_CPUID:
                return 1; // the instruction is not made to fault
            case ArchPrctlCode.ARCH_SET_CPUID:
                return Errno.ENODEV;
            default:
                return Errno.EINVAL;
        }
    }

    [Syscall(218, "set_tid_address")]
    internal static SyscallResult SetTidAddress(GuestThread thread, ulong address)
    {
        thread.ClearChildTid = address;
        return (long)thread.Id;
    }

    [Syscall(273, "set_robust_list")]
    internal static SyscallResult SetRobustList(GuestThread thread, ulong head, ulong length)
    {
        if (length != RobustList.HeadSize)
            return Errno.EINVAL;
        thread.RobustList = head;
        return Errno.None;
    }

    [Syscall(274, "get_robust_list")]
    internal static SyscallResult GetRobustList(GuestThread thread, int id, [Out] UserPtr<ulong> head, [Out] UserPtr<ulong> length)
    {
        GuestThread? found;
        lock (thread.Process.Tasks.Lock)
            found = id == 0 ? thread : thread.Process.Tasks.FindThread(thread, id);
        if (found is null)
            return Errno.ESRCH;
        if (found.Process != thread.Process && !thread.Credentials.Has(Capability.CAP_SYS_PTRACE))
            return Errno.EPERM;
        return thread.Memory.Write(length, RobustList.HeadSize) is not Errno.None and var error ? error : thread.Memory.Write(head, found.RobustList);
    }
}
