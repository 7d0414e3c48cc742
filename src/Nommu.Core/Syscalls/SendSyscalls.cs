using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>send(2): sendto, sendmsg and sendmmsg.</summary>
[SyscallFamily(SyscallClasses.Network)]
internal static class SendSyscalls
{
    [Syscall(44, "sendto")]
    internal static SyscallResult Sendto(GuestThread thread, int fd, [Elements(nameof(count))] UserPtr<byte> buffer, nuint count, MessageFlags flags, [ShownBy(nameof(TraceWriter.SocketAddress))] UserPtr<byte> address, int length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        scoped ReadOnlySpan<byte> to = default;
        Span<byte> name = stackalloc byte[UserSocketAddress.MaximumLength];
        if (!address.IsNull)
        {
            var error = UserSocketAddress.Read(thread, address.Address, length, name, out to);
            if (error != Errno.None)
                return error;
        }
        var message = new OutgoingMessage { Data = UserIovecs.Single(thread, buffer, count), Thread = thread, To = to, Flags = flags };
        return SocketCalls.Send(thread, use.File, ref message);
    }

    [Syscall(46, "sendmsg")]
    internal static SyscallResult Sendmsg(GuestThread thread, int fd, UserPtr<Msghdr> header, MessageFlags flags)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        return thread.Memory.Read(header, out var given) != Errno.None ? Errno.EFAULT : Send(thread, use.File, given, flags);
    }

    [Syscall(307, "sendmmsg")]
    internal static SyscallResult Sendmmsg(GuestThread thread, int fd, [Elements(nameof(count))] UserPtr<Mmsghdr> headers, uint count, MessageFlags flags)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        count = Math.Min(count, GuestThread.MaximumIovecs);
        for (uint i = 0; i < count; i++)
        {
            var at = new UserPtr<Mmsghdr>(headers.Address + (i * (ulong)Marshal.SizeOf<Mmsghdr>()));
            var sent = thread.Memory.Read(at, out var given) != Errno.None ? Errno.EFAULT : Send(thread, use.File, given.Header, flags);
            if (sent.IsOk && thread.Memory.Write(new UserPtr<uint>(at.Address + (ulong)Marshal.OffsetOf<Mmsghdr>(nameof(Mmsghdr.Length))), (uint)sent.Value) != Errno.None)
                sent = Errno.EFAULT;
            if (!sent.IsOk)
                return i > 0 ? i : sent;
        }
        return count;
    }

    private static Result<long> Send(GuestThread thread, SocketFile file, in Msghdr header, MessageFlags flags)
    {
        var error = UserSocketMessage.CheckVector(header);
        scoped ReadOnlySpan<byte> to = default;
        Span<byte> name = stackalloc byte[UserSocketAddress.MaximumLength];
        if (error == Errno.None && header.Name != 0)
            error = header.NameLength < 0 ? Errno.EINVAL : UserSocketAddress.Read(thread, header.Name, Math.Min(header.NameLength, name.Length), name, out to);
        if (error != Errno.None)
            return error;
        error = UserIovecs.Read(thread, new UserPtr<Iovec>(header.Iov), (int)header.IovLength, out var data);
        if (error != Errno.None)
            return error;
        var message = new OutgoingMessage { Data = data, Thread = thread, To = to, Flags = flags };
        try
        {
            error = ControlMessages.Read(header, ref message);
            return error != Errno.None ? error : SocketCalls.Send(thread, file, ref message);
        }
        finally
        {
            message.Dispose();
        }
    }
}
