using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>sched_setattr(2) and sched_getattr(2).</summary>
internal static class SchedulingAttributeSyscalls
{
    private const SchedFlags Clamps = SchedFlags.SCHED_FLAG_UTIL_CLAMP_MIN | SchedFlags.SCHED_FLAG_UTIL_CLAMP_MAX;

    [Syscall(314, "sched_setattr")]
    internal static SyscallResult SchedSetattr(GuestThread thread, int pid, UserPtr<SchedAttr> address, uint flags)
    {
        if (address.IsNull || pid < 0 || flags != 0)
            return Errno.EINVAL;
        if (Read(thread, address, out var given) is not Errno.None and var error)
            return error;
        if (given.Policy < 0)
            return Errno.EINVAL;
        var found = SchedulingSyscalls.Find(thread, pid);
        if (!found.TryGet(out var target))
            return found.Error;
        if ((given.Flags & ~SchedFlags.All) != 0 || given.Priority > SchedulingChange.HighestPriority)
            return Errno.EINVAL;
        if ((given.Flags & Clamps) != 0)
            return Errno.EOPNOTSUPP;
        lock (thread.Process.Tasks.Lock)
        {
            var keeps = (given.Flags & SchedFlags.SCHED_FLAG_KEEP_PARAMS) != 0;
            var own = target.Attributes;
            return new SchedulingChange((given.Flags & SchedFlags.SCHED_FLAG_KEEP_POLICY) != 0 ? null : given.Policy, keeps ? own.RealtimePriority : (int)given.Priority)
            {
                Nice = keeps ? own.Nice : Math.Clamp(given.Nice, PrioritySyscalls.Highest, PrioritySyscalls.Lowest),
                ResetOnFork = (given.Flags & SchedFlags.SCHED_FLAG_RESET_ON_FORK) != 0,
                KeepsParameters = keeps,
                HasDeadline = given.Runtime > 0 && given.Runtime <= given.Deadline && (given.Period == 0 || given.Deadline <= given.Period),
            }.Apply(thread, target);
        }
    }

    [Syscall(315, "sched_getattr")]
    internal static SyscallResult SchedGetattr(GuestThread thread, int pid, [Out] UserPtr<SchedAttr> address, uint size, uint flags)
    {
        if (address.IsNull || pid < 0 || flags != 0 || size < SchedAttr.FirstSize || size > Arena.PageSize)
            return Errno.EINVAL;
        var found = SchedulingSyscalls.Find(thread, pid);
        if (!found.TryGet(out var target))
            return found.Error;
        var own = target.Attributes;
        Span<byte> all = stackalloc byte[(int)size];
        all.Clear();
        MemoryMarshal.Write(all, new SchedAttr
        {
            Size = SchedAttr.FirstSize,
            Policy = own.Policy,
            Flags = own.ResetOnFork ? SchedFlags.SCHED_FLAG_RESET_ON_FORK : 0,
            Nice = SchedulingChange.IsRealtime(own.Policy) ? 0 : own.Nice,
            Priority = (uint)own.RealtimePriority,
        });
        return thread.Memory.Write(address.Address, all);
    }

    /// <summary>Linux: <c>sched_copy_attr</c>. Who gives too much is told how much is known.</summary>
    private static Errno Read(GuestThread thread, UserPtr<SchedAttr> address, out SchedAttr given)
    {
        given = default;
        var sizeAddress = new UserPtr<uint>(address.Address);
        if (thread.Memory.Read(sizeAddress, out var size) != Errno.None)
            return Errno.EFAULT;
        if (size == 0)
            size = SchedAttr.FirstSize;
        if (size is < SchedAttr.FirstSize or > (uint)Arena.PageSize)
            return TooLarge();
        Span<byte> all = stackalloc byte[(int)size];
        if (thread.Memory.Read(address.Address, all) != Errno.None)
            return Errno.EFAULT;
        given = MemoryMarshal.Read<SchedAttr>(all);
        if ((given.Flags & Clamps) != 0 && size < SchedAttr.SecondSize)
            return Errno.EINVAL;
        return all[Math.Min((int)size, SchedAttr.SecondSize)..].ContainsAnyExcept((byte)0) ? TooLarge() : Errno.None;

        Errno TooLarge()
        {
            _ = thread.Memory.Write(sizeAddress, (uint)SchedAttr.SecondSize);
            return Errno.E2BIG;
        }
    }
}
