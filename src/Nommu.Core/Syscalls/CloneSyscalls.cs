using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>fork(2), vfork(2), clone(2), clone3(2).</summary>
[SyscallFamily(SyscallClasses.Process)]
internal static class CloneSyscalls
{
    private const ulong LongestArguments = 4096;

    /// <summary>Linux: MAX_PID_NS_LEVEL.</summary>
    private const int MostPidNamespaces = 32;

    [Syscall(58, "vfork")]
    internal static SyscallResult Vfork(GuestThread thread) =>
        thread.Clone(new CloneRequest(CloneFlags.CLONE_VFORK | CloneFlags.CLONE_VM, (int)Signal.SIGCHLD, 0, 0, 0, 0));

    [Syscall(57, "fork")]
    internal static SyscallResult Fork(GuestThread thread) =>
        thread.Clone(new CloneRequest(CloneFlags.None, (int)Signal.SIGCHLD, 0, 0, 0, 0));

    /// <summary>x86-64's order of arguments.</summary>
    [Syscall(56, "clone")]
    internal static SyscallResult Clone(GuestThread thread, [ShownBy(nameof(TraceWriter.CloneStack))] ulong flags, [ShownBy(nameof(TraceWriter.Nothing))] ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        var request = new CloneRequest((CloneFlags)(flags & uint.MaxValue) & ~CloneFlags.CSIGNAL, (int)(flags & (ulong)CloneFlags.CSIGNAL), stack, parentTid, childTid, tls);
        return thread.Clone(request with { PidfdAddress = parentTid });
    }

    [Syscall(435, "clone3")]
    internal static SyscallResult Clone3(GuestThread thread, [ShownBy(nameof(TraceWriter.CloneArguments))] ulong address, ulong size)
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
        if (Check(arguments, size) is not Errno.None and var error)
            return error;
        var wanted = ReadWantedId(thread, arguments);
        if (!wanted.TryGet(out var id))
            return wanted.Error;
        var request = new CloneRequest(arguments.Flags, (int)arguments.ExitSignal, arguments.Stack + arguments.StackSize, arguments.ParentTid, arguments.ChildTid, arguments.Tls);
        return thread.Clone(request with { PidfdAddress = arguments.PidFd, WantedId = id });
    }

    /// <summary>Linux: <c>copy_clone_args_from_user</c> and <c>clone3_args_valid</c>.</summary>
    private static Errno Check(in CloneArgs arguments, ulong size)
    {
        const CloneFlags Known = (CloneFlags)uint.MaxValue | CloneFlags.CLONE_CLEAR_SIGHAND | CloneFlags.CLONE_INTO_CGROUP;
        var flags = arguments.Flags;
        if ((flags & ~Known) != 0 || (flags & (CloneFlags.CLONE_DETACHED | (CloneFlags.CSIGNAL & ~CloneFlags.CLONE_NEWTIME))) != 0)
            return Errno.EINVAL;
        if (arguments.ExitSignal > SigSet.Count || (arguments.ExitSignal != 0 && (flags & (CloneFlags.CLONE_THREAD | CloneFlags.CLONE_PARENT)) != 0))
            return Errno.EINVAL;
        if ((flags & CloneFlags.CLONE_SIGHAND) != 0 && (flags & CloneFlags.CLONE_CLEAR_SIGHAND) != 0)
            return Errno.EINVAL;
        if ((arguments.SetTid == 0) != (arguments.SetTidSize == 0) || arguments.SetTidSize > MostPidNamespaces)
            return Errno.EINVAL;
        if ((flags & CloneFlags.CLONE_INTO_CGROUP) != 0 && (arguments.Cgroup > int.MaxValue || size < CloneArgs.CLONE_ARGS_SIZE_VER2))
            return Errno.EINVAL;
        return IsStack(arguments.Stack, arguments.StackSize) ? Errno.None : Errno.EINVAL;
    }

    /// <summary>Linux: <c>clone3_stack_valid</c>.</summary>
    private static bool IsStack(ulong stack, ulong size) =>
        (stack == 0) == (size == 0) && stack <= AddressSpace.TaskSize && size <= AddressSpace.TaskSize - stack;

    /// <summary>Linux: what <c>alloc_pid</c> does with set_tid. There is one level of pid namespaces.</summary>
    private static Result<int> ReadWantedId(GuestThread thread, in CloneArgs arguments)
    {
        if (arguments.SetTidSize == 0)
            return 0;
        Span<int> wanted = stackalloc int[(int)arguments.SetTidSize];
        if (thread.Memory.Read(arguments.SetTid, MemoryMarshal.AsBytes(wanted)) != Errno.None)
            return Errno.EFAULT;
        if (wanted.Length > 1 || wanted[0] < 1 || wanted[0] >= thread.Process.Tasks.Pids.Maximum)
            return Errno.EINVAL;
        return thread.Credentials.Has(Capability.CAP_CHECKPOINT_RESTORE) || thread.Credentials.Has(Capability.CAP_SYS_ADMIN) ? wanted[0] : Errno.EPERM;
    }
}
