using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Host;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>Which processors: getcpu(2), sched_getaffinity(2), sched_setaffinity(2). A guest's are those the host's process may use.</summary>
internal static class ProcessorSyscalls
{
    [Syscall(309, "getcpu")]
    internal static SyscallResult Getcpu(GuestThread thread, [Out] UserPtr<uint> processor, [Out] UserPtr<uint> node)
    {
        if (!processor.IsNull && thread.Memory.Write(processor, (uint)HostProcessors.Current) is not Errno.None and var error)
            return error;
        return node.IsNull ? Errno.None : thread.Memory.Write(node, 0u);
    }

    /// <summary>Answers how many bytes the kernel's mask has.</summary>
    [Syscall(204, "sched_getaffinity")]
    internal static SyscallResult SchedGetaffinity(GuestThread thread, int pid, uint size, [Out, ShownBy(nameof(TraceWriter.ProcessorSet))] UserPtr<ulong> mask)
    {
        if (size * 8UL < (ulong)HostProcessors.Count || (size & (sizeof(ulong) - 1)) != 0)
            return Errno.EINVAL;
        var found = SchedulingSyscalls.Find(thread, pid, forNegative: Errno.ESRCH);
        if (!found.TryGet(out var target))
            return found.Error;
        var affinity = target.Attributes.Affinity;
        if (affinity.Length == 0)
            affinity = HostProcessors.All();
        var bytes = MemoryMarshal.AsBytes(affinity.AsSpan());
        return thread.Memory.Write(mask.Address, bytes) is not Errno.None and var error ? error : bytes.Length;
    }

    [Syscall(203, "sched_setaffinity")]
    internal static SyscallResult SchedSetaffinity(GuestThread thread, int pid, uint size, [ShownBy(nameof(TraceWriter.ProcessorSet))] UserPtr<ulong> mask)
    {
        var all = HostProcessors.All();
        var wanted = new ulong[all.Length];
        var bytes = MemoryMarshal.AsBytes(wanted.AsSpan());
        if (thread.Memory.Read(mask.Address, bytes[..(int)Math.Min(size, (uint)bytes.Length)]) is not Errno.None and var error)
            return error;
        var found = SchedulingSyscalls.Find(thread, pid, forNegative: Errno.ESRCH);
        if (!found.TryGet(out var target))
            return found.Error;
        if (!SchedulingSyscalls.MayChange(thread, target))
            return Errno.EPERM;
        var any = 0UL;
        for (var i = 0; i < wanted.Length; i++)
            any |= wanted[i] &= all[i];
        if (any == 0)
            return Errno.EINVAL;
        lock (thread.Process.Tasks.Lock)
        {
            target.Attributes.Affinity = wanted;
            if (target.Host is { } host && host.Current == target)
                host.BindTo(wanted);
        }
        return Errno.None;
    }
}
