using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Diagnostics;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>vfork(2), clone(2), clone3(2), and fork(2), which has no memory to give a child of its own.</summary>
internal static class CloneSyscalls
{
    private const ulong LongestArguments = 4096;

    [Syscall(58, "vfork")]
    internal static SyscallResult Vfork(GuestThread thread) =>
        thread.Clone(new CloneRequest(CloneFlags.CLONE_VFORK | CloneFlags.CLONE_VM, (int)Signal.SIGCHLD, 0, 0, 0, 0));

    [Syscall(57, "fork")]
    internal static SyscallResult Fork(GuestThread thread)
    {
        KernelLog.ForkNotDone(thread.Machine.Logger, thread.Process.Id);
        return Errno.ENOSYS;
    }

    /// <summary>x86-64's order of arguments.</summary>
    [Syscall(56, "clone")]
    internal static SyscallResult Clone(GuestThread thread, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        var request = new CloneRequest((CloneFlags)(flags & uint.MaxValue) & ~CloneFlags.CSIGNAL, (int)(flags & (ulong)CloneFlags.CSIGNAL), stack, parentTid, childTid, tls);
        return Run(thread, request);
    }

    [Syscall(435, "clone3")]
    internal static SyscallResult Clone3(GuestThread thread, ulong address, ulong size)
    {
        if (size > LongestArguments)
            return Errno.E2BIG;
        if (size < CloneArgs.CLONE_ARGS_SIZE_VER0)
            return Errno.EINVAL;
        var arguments = default(CloneArgs);
        var known = (int)Math.Min(size, (ulong)Unsafe.SizeOf<CloneArgs>());
        if (thread.Memory.Read(address, MemoryMarshal.AsBytes(new Span<CloneArgs>(ref arguments))[..known]) != Errno.None)
            return Errno.EFAULT;
        for (var at = (ulong)known; at < size; at++)
        {
            if (thread.Memory.Read(new UserPtr<byte>(address + at), out var more) != Errno.None)
                return Errno.EFAULT;
            if (more != 0)
                return Errno.E2BIG; // a later kernel's argument
        }
        if ((arguments.Flags & (CloneFlags.CSIGNAL | CloneFlags.CLONE_DETACHED)) != 0 || arguments.ExitSignal > SigSet.Count
            || arguments.SetTidSize != 0 || (arguments.Stack == 0) != (arguments.StackSize == 0))
            return Errno.EINVAL;
        var stack = arguments.Stack + arguments.StackSize;
        return Run(thread, new CloneRequest(arguments.Flags, (int)arguments.ExitSignal, stack, arguments.ParentTid, arguments.ChildTid, arguments.Tls));
    }

    private static SyscallResult Run(GuestThread thread, in CloneRequest request)
    {
        var result = thread.Clone(request);
        if (result.Error == Errno.ENOSYS)
            KernelLog.ForkNotDone(thread.Machine.Logger, thread.Process.Id);
        return result;
    }
}
