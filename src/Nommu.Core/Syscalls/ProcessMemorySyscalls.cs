using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>process_vm_readv(2) and process_vm_writev(2).</summary>
internal static class ProcessMemorySyscalls
{
    [Syscall(310, "process_vm_readv")]
    internal static SyscallResult ProcessVmReadv(GuestThread thread, int pid, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> local, ulong localCount, UserPtr<Iovec> remote, ulong remoteCount, ulong flags) =>
        Transfer(thread, pid, local, localCount, remote, remoteCount, flags, isWrite: false);

    [Syscall(311, "process_vm_writev")]
    internal static SyscallResult ProcessVmWritev(GuestThread thread, int pid, [ShownBy(nameof(TraceWriter.Vectors))] UserPtr<Iovec> local, ulong localCount, UserPtr<Iovec> remote, ulong remoteCount, ulong flags) =>
        Transfer(thread, pid, local, localCount, remote, remoteCount, flags, isWrite: true);

    private static SyscallResult Transfer(GuestThread thread, int pid, UserPtr<Iovec> local, ulong localCount, UserPtr<Iovec> remote, ulong remoteCount, ulong flags, bool isWrite)
    {
        if (flags != 0 || localCount > GuestThread.MaximumIovecs)
            return Errno.EINVAL;
        var error = UserIovecs.Read(thread, local, (int)localCount, out var mine);
        if (error != Errno.None)
            return error;
        if (mine.Remaining == 0)
            return 0;
        if (remoteCount > GuestThread.MaximumIovecs)
            return Errno.EINVAL;
        Span<Iovec> theirs = stackalloc Iovec[(int)remoteCount];
        error = thread.Memory.Read(remote.Address, MemoryMarshal.AsBytes(theirs));
        if (error != Errno.None && remoteCount > 0)
            return error;
        ulong total = 0;
        foreach (var piece in theirs)
        {
            if (piece.Length > long.MaxValue)
                return Errno.EINVAL;
            total |= piece.Length;
        }
        if (total == 0)
            return 0;
        error = FindMemory(thread, pid, out var space);
        if (error != Errno.None)
            return error;
        var done = Transfer(space, theirs, ref mine, isWrite);
        space.Release();
        return done == 0 ? Errno.EFAULT : done;
    }

    /// <summary>Linux: <c>mm_access</c> with PTRACE_MODE_ATTACH_REALCREDS.</summary>
    /// <param name="thread">Who asks.</param>
    /// <param name="pid">A thread's number.</param>
    /// <param name="space">Held for the caller.</param>
    /// <returns>ESRCH, EPERM.</returns>
    private static Errno FindMemory(GuestThread thread, int pid, out AddressSpace space)
    {
        space = null!;
        var tasks = thread.Process.Tasks;
        lock (tasks.Lock)
        {
            if (tasks.FindThread(thread, pid) is not { } target || target.Space is not { } memory)
                return Errno.ESRCH;
            if (!MayAttach(thread, target))
                return Errno.EPERM;
            if (!memory.TryRetain())
                return Errno.ESRCH;
            space = memory;
            return Errno.None;
        }
    }

    /// <summary>Linux: <c>ptrace_may_access</c> with PTRACE_MODE_ATTACH_REALCREDS.</summary>
    internal static bool MayAttach(GuestThread caller, GuestThread target) =>
        target.Process == caller.Process || caller.Credentials.Has(Capability.CAP_SYS_PTRACE)
        || (IsSameUser(caller.Credentials, target.Credentials) && target.Process.IsDumpable && (target.Credentials.Capabilities.Permitted & ~caller.Credentials.Capabilities.Permitted) == 0);

    /// <summary>Linux: the checks of ids in <c>__ptrace_may_access</c>.</summary>
    private static bool IsSameUser(Credentials mine, Credentials theirs) =>
        mine.Uid == theirs.Uid && mine.Uid == theirs.Euid && mine.Uid == theirs.Suid && mine.Gid == theirs.Gid && mine.Gid == theirs.Egid && mine.Gid == theirs.Sgid;

    /// <returns>Bytes moved, up to the first that could not be.</returns>
    private static long Transfer(AddressSpace space, scoped ReadOnlySpan<Iovec> theirs, ref IoVector mine, bool isWrite)
    {
        long done = 0;
        foreach (var remote in theirs)
        {
            var wanted = (long)Math.Min(remote.Length, (ulong)mine.Remaining);
            var moved = space.Transfer(ref mine, remote.Base, remote.Length, isWrite);
            done += moved;
            if (moved < wanted)
                break;
        }
        return done;
    }
}
