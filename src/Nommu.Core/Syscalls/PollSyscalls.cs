using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs.Polling;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>poll(2) and ppoll(2).</summary>
internal static class PollSyscalls
{
    [Syscall(7, "poll")]
    [return: ShownBy(nameof(TraceWriter.PollResult))]
    internal static SyscallResult Poll(GuestThread thread, [Elements(nameof(count))] UserPtr<PollFd> fds, uint count, int milliseconds)
    {
        var deadline = milliseconds < 0 ? MonotonicClock.Never : WaitTimeout.After(thread, new Timespec(milliseconds / 1000, milliseconds % 1000 * 1_000_000));
        return Restartable(thread, fds, count, deadline);
    }

    [Syscall(271, "ppoll")]
    [return: ShownBy(nameof(TraceWriter.PollResult))]
    internal static SyscallResult Ppoll(GuestThread thread, [Elements(nameof(count))] UserPtr<PollFd> fds, uint count, UserPtr<Timespec> time, UserPtr<SigSet> mask, ulong maskSize)
    {
        var given = WaitTimeout.Read(thread, time);
        if (!given.TryGet(out var timeout))
            return given.Error;
        var error = WaitTimeout.SetMask(thread, mask, maskSize);
        return error != Errno.None ? error : timeout.Finish(thread, Wait(thread, fds, count, timeout.Deadline));
    }

    /// <summary>After a stop, or any signal without a handler, poll goes on with the time that it had left.</summary>
    private static Result<long> Restartable(GuestThread thread, UserPtr<PollFd> fds, uint count, long deadline)
    {
        var result = Wait(thread, fds, count, deadline);
        if (result.TryGet(out var ready))
            return (long)ready;
        if (result.Error != Errno.ERESTARTNOHAND)
            return result.Error;
        thread.Signals.RestartBlock = resumed => Restartable(resumed, fds, count, deadline);
        return Errno.ERESTART_RESTARTBLOCK;
    }

    /// <summary>Linux: <c>do_sys_poll</c>.</summary>
    private static Result<int> Wait(GuestThread thread, UserPtr<PollFd> pointer, uint count, long deadline)
    {
        if (count > (uint)thread.Files.Limit)
            return Errno.EINVAL;
        var fds = thread.PollFds((int)count);
        if (count > 0 && thread.Memory.Read(pointer.Address, MemoryMarshal.AsBytes(fds)) != Errno.None)
            return Errno.EFAULT;
        var result = PollOperation.Wait(thread, fds, deadline);
        return WriteBack(thread, pointer, fds) ? result : Errno.EFAULT;
    }

    /// <summary>Only what was found is written, each by itself: what is asked belongs to the guest, whose other threads may be changing it.</summary>
    private static bool WriteBack(GuestThread thread, UserPtr<PollFd> pointer, ReadOnlySpan<PollFd> fds)
    {
        const ulong returned = 6;
        for (var i = 0; i < fds.Length; i++)
        {
            if (thread.Memory.Write(new UserPtr<ushort>(pointer.At(i).Address + returned), fds[i].Returned) != Errno.None)
                return false;
        }
        return true;
    }
}
