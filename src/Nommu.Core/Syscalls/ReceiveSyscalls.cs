using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;
using Nommu.Core.Time;

namespace Nommu.Core.Syscalls;

/// <summary>recv(2): recvfrom, recvmsg and recvmmsg.</summary>
[SyscallFamily(SyscallClasses.Network)]
internal static class ReceiveSyscalls
{
    [Syscall(45, "recvfrom")]
    internal static SyscallResult Recvfrom(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<byte> buffer, nuint count, MessageFlags flags, [Out, ShownBy(nameof(TraceWriter.FilledSocketAddress))] UserPtr<byte> address, [Out] UserPtr<int> length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var message = new IncomingMessage { Data = UserIovecs.Single(thread, buffer, count), Flags = flags };
        var result = SocketCalls.Receive(thread, use.File, ref message);
        message.Dispose();
        if (!result.IsOk || address.IsNull)
            return result;
        var error = UserSocketAddress.Write(thread, message.From ?? [], address, length);
        return error != Errno.None ? error : result;
    }

    [Syscall(47, "recvmsg")]
    internal static SyscallResult Recvmsg(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledMessage))] UserPtr<Msghdr> header, MessageFlags flags)
    {
        using var use = UserSocket.Get(thread, fd);
        return use.Error != Errno.None ? use.Error : Receive(thread, use.File, header, flags);
    }

    /// <summary>recvmmsg(2): the time is looked at after each message, as Linux does.</summary>
    [Syscall(299, "recvmmsg")]
    internal static SyscallResult Recvmmsg(GuestThread thread, int fd, [Out, Elements(nameof(count))] UserPtr<Mmsghdr> headers, uint count, MessageFlags flags, UserPtr<Timespec> timeout)
    {
        var deadline = MonotonicClock.Never;
        if (!timeout.IsNull)
        {
            if (thread.Memory.Read(timeout, out var time) != Errno.None)
                return Errno.EFAULT;
            if (!time.IsValid)
                return Errno.EINVAL;
            deadline = MonotonicClock.After(thread.Fs.FileSystem.Clock, KernelClock.ToNanoseconds(time));
        }
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var result = ReceiveMany(thread, use.File, headers, Math.Min(count, GuestThread.MaximumIovecs), flags, deadline);
        if (deadline != MonotonicClock.Never && result.IsOk)
        {
            var left = Math.Max(0, deadline - MonotonicClock.Now(thread.Fs.FileSystem.Clock));
            if (thread.Memory.Write(timeout, KernelClock.ToTimespec(left)) != Errno.None)
                return Errno.EFAULT;
        }
        return result;
    }

    private static Result<long> ReceiveMany(GuestThread thread, SocketFile file, UserPtr<Mmsghdr> headers, uint count, MessageFlags flags, long deadline)
    {
        for (uint i = 0; i < count; i++)
        {
            var at = headers.Address + (i * (ulong)Marshal.SizeOf<Mmsghdr>());
            var received = Receive(thread, file, new UserPtr<Msghdr>(at), flags & ~MessageFlags.MSG_WAITFORONE);
            if (received.IsOk && thread.Memory.Write(new UserPtr<uint>(at + (ulong)Marshal.OffsetOf<Mmsghdr>(nameof(Mmsghdr.Length))), (uint)received.Value) != Errno.None)
                received = Errno.EFAULT;
            if (!received.IsOk)
                return i > 0 ? i : received;
            if ((flags & MessageFlags.MSG_WAITFORONE) != 0)
                flags |= MessageFlags.MSG_DONTWAIT;
            if (deadline != MonotonicClock.Never && MonotonicClock.Now(thread.Fs.FileSystem.Clock) >= deadline)
                return i + 1;
        }
        return count;
    }

    private static Result<long> Receive(GuestThread thread, SocketFile file, UserPtr<Msghdr> pointer, MessageFlags flags)
    {
        if (thread.Memory.Read(pointer, out var header) != Errno.None)
            return Errno.EFAULT;
        var error = header.Name != 0 && header.NameLength < 0 ? Errno.EINVAL : UserSocketMessage.CheckVector(header);
        if (error != Errno.None)
            return error;
        error = UserIovecs.Read(thread, new UserPtr<Iovec>(header.Iov), (int)header.IovLength, out var data);
        if (error != Errno.None)
            return error;
        var message = new IncomingMessage { Data = data, Flags = flags };
        try
        {
            var result = SocketCalls.Receive(thread, file, ref message);
            if (!result.IsOk)
                return result;
            if (header.Name != 0)
                error = WriteName(thread, message.From ?? [], pointer, header);
            if (error != Errno.None)
                return error;
            ControlMessages.Write(thread, ref header, ref message, file.Socket.Options.PassesCredentials);
            error = WriteAnswer(thread, pointer, header, message.Answer | (flags & MessageFlags.MSG_CMSG_CLOEXEC));
            return error != Errno.None ? error : result;
        }
        finally
        {
            message.Dispose();
        }
    }

    private static Errno WriteName(GuestThread thread, ReadOnlySpan<byte> name, UserPtr<Msghdr> pointer, in Msghdr header)
    {
        var room = Math.Min(header.NameLength, name.Length);
        if (room > 0 && thread.Memory.Write(header.Name, name[..room]) != Errno.None)
            return Errno.EFAULT;
        return thread.Memory.Write(new UserPtr<int>(pointer.Address + (ulong)Marshal.OffsetOf<Msghdr>(nameof(Msghdr.NameLength))), name.Length);
    }

    private static Errno WriteAnswer(GuestThread thread, UserPtr<Msghdr> pointer, in Msghdr header, MessageFlags flags)
    {
        var error = thread.Memory.Write(new UserPtr<MessageFlags>(pointer.Address + (ulong)Marshal.OffsetOf<Msghdr>(nameof(Msghdr.Flags))), flags);
        return error != Errno.None ? error : thread.Memory.Write(new UserPtr<ulong>(pointer.Address + (ulong)Marshal.OffsetOf<Msghdr>(nameof(Msghdr.ControlLength))), header.ControlLength);
    }
}
