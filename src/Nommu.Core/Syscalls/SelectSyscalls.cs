using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Polling;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>select(2) and pselect6(2).</summary>
internal static class SelectSyscalls
{
    [Syscall(23, "select")]
    internal static SyscallResult Select(GuestThread thread, int count, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> read, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> write, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> exceptional, UserPtr<Timeval> time)
    {
        var given = WaitTimeout.Read(thread, time);
        return given.TryGet(out var timeout) ? timeout.Finish(thread, Wait(thread, count, read, write, exceptional, timeout.Deadline)) : given.Error;
    }

    [Syscall(270, "pselect6")]
    internal static SyscallResult Pselect6(GuestThread thread, int count, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> read, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> write, [ShownBy(nameof(TraceWriter.DescriptorSet))] UserPtr<ulong> exceptional, UserPtr<Timespec> time, UserPtr<PselectMask> mask)
    {
        var packed = default(PselectMask);
        if (!mask.IsNull && thread.Memory.Read(mask, out packed) != Errno.None)
            return Errno.EFAULT;
        var given = WaitTimeout.Read(thread, time);
        if (!given.TryGet(out var timeout))
            return given.Error;
        var error = WaitTimeout.SetMask(thread, new UserPtr<SigSet>(packed.Mask), packed.Size);
        return error != Errno.None ? error : timeout.Finish(thread, Wait(thread, count, read, write, exceptional, timeout.Deadline));
    }

    /// <summary>Linux: <c>core_sys_select</c>. Numbers for which the table has no room are not looked at.</summary>
    private static Result<int> Wait(GuestThread thread, int count, UserPtr<ulong> read, UserPtr<ulong> write, UserPtr<ulong> exceptional, long deadline)
    {
        if (count < 0)
            return Errno.EINVAL;
        var select = new SelectOperation(thread, Math.Min(count, thread.Files.Capacity));
        if (!ReadSet(thread, read, select.Asked(0)) || !ReadSet(thread, write, select.Asked(1)) || !ReadSet(thread, exceptional, select.Asked(2)))
            return Errno.EFAULT;
        var result = select.Wait(deadline);
        if (!result.IsOk)
            return result;
        return WriteSet(thread, read, select.Found(0)) && WriteSet(thread, write, select.Found(1)) && WriteSet(thread, exceptional, select.Found(2)) ? result : Errno.EFAULT;
    }

    private static bool ReadSet(GuestThread thread, UserPtr<ulong> pointer, Span<ulong> set)
    {
        if (!pointer.IsNull && !set.IsEmpty)
            return thread.Memory.Read(pointer.Address, MemoryMarshal.AsBytes(set)) == Errno.None;
        set.Clear();
        return true;
    }

    private static bool WriteSet(GuestThread thread, UserPtr<ulong> pointer, ReadOnlySpan<ulong> set) =>
        pointer.IsNull || set.IsEmpty || thread.Memory.Write(pointer.Address, MemoryMarshal.AsBytes(set)) == Errno.None;
}
