using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Net.Sockets;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>socket(2), socketpair(2), bind(2), listen(2), accept(2), connect(2), shutdown(2), getsockname(2) and getpeername(2).</summary>
[SyscallFamily(SyscallClasses.Network)]
internal static class SocketSyscalls
{
    private const SocketType Flags = SocketType.SOCK_CLOEXEC | SocketType.SOCK_NONBLOCK;

    [Syscall(41, "socket")]
    internal static SyscallResult Socket(GuestThread thread, [ShownAs(typeof(AddressFamily))] int family, SocketType type, int protocol)
    {
        var made = Create(thread, family, type, protocol, out _);
        return made.TryGet(out var socket) ? Install(thread, socket, type) : made.Error;
    }

    [Syscall(53, "socketpair")]
    internal static SyscallResult Socketpair(GuestThread thread, [ShownAs(typeof(AddressFamily))] int family, SocketType type, int protocol, [Out, ShownBy(nameof(TraceWriter.Pair))] UserPtr<int> pair)
    {
        var made = Create(thread, family, type, protocol, out var maker);
        if (!made.TryGet(out var first))
            return made.Error;
        var second = maker!.Create(first.Type, protocol).Value;
        var error = maker.Pair(first, second, new Ucred(thread.Process.Id, thread.Credentials.Euid, thread.Credentials.Egid));
        if (error != Errno.None)
            return error;
        var closeOnExec = (type & SocketType.SOCK_CLOEXEC) != 0;
        return UserDescriptorPair.Install(thread, SocketFile.Open(thread.FsCaller, first, type), SocketFile.Open(thread.FsCaller, second, type), closeOnExec, pair);
    }

    [Syscall(49, "bind")]
    internal static SyscallResult Bind(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.SocketAddress))] UserPtr<byte> address, int length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var error = UserSocketAddress.Read(thread, address.Address, length, stackalloc byte[UserSocketAddress.MaximumLength], out var copied);
        return error != Errno.None ? error : use.Socket.Bind(thread, copied);
    }

    [Syscall(50, "listen")]
    internal static SyscallResult Listen(GuestThread thread, int fd, int backlog)
    {
        using var use = UserSocket.Get(thread, fd);
        return use.Error != Errno.None ? use.Error : use.Socket.Listen(thread, backlog);
    }

    [Syscall(43, "accept")]
    internal static SyscallResult Accept(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledSocketAddress))] UserPtr<byte> address, [Out] UserPtr<int> length) => Accept4(thread, fd, address, length, SocketType.None);

    [Syscall(288, "accept4")]
    internal static SyscallResult Accept4(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledSocketAddress))] UserPtr<byte> address, [Out] UserPtr<int> length, SocketType flags)
    {
        if ((flags & ~Flags) != 0)
            return Errno.EINVAL;
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var accepted = SocketCalls.Accept(thread, use.File);
        if (!accepted.TryGet(out var socket))
            return accepted.Error;
        var file = SocketFile.Open(thread.FsCaller, socket, flags);
        if (!address.IsNull)
        {
            var error = UserSocketAddress.Write(thread, socket.PeerAddress.Value ?? [], address, length);
            if (error != Errno.None)
            {
                file.Release();
                return error;
            }
        }
        return thread.Files.Add(file, (flags & SocketType.SOCK_CLOEXEC) != 0);
    }

    [Syscall(42, "connect")]
    internal static SyscallResult Connect(GuestThread thread, int fd, [ShownBy(nameof(TraceWriter.SocketAddress))] UserPtr<byte> address, int length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var error = UserSocketAddress.Read(thread, address.Address, length, stackalloc byte[UserSocketAddress.MaximumLength], out var copied);
        return error != Errno.None ? error : SocketCalls.Connect(thread, use.File, copied);
    }

    [Syscall(48, "shutdown")]
    internal static SyscallResult Shutdown(GuestThread thread, int fd, ShutdownHow how)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        return how is ShutdownHow.SHUT_RD or ShutdownHow.SHUT_WR or ShutdownHow.SHUT_RDWR ? use.Socket.Shutdown(how) : Errno.EINVAL;
    }

    [Syscall(51, "getsockname")]
    internal static SyscallResult Getsockname(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledSocketAddress))] UserPtr<byte> address, [Out] UserPtr<int> length)
    {
        using var use = UserSocket.Get(thread, fd);
        return use.Error != Errno.None ? use.Error : UserSocketAddress.Write(thread, use.Socket.LocalAddress, address, length);
    }

    [Syscall(52, "getpeername")]
    internal static SyscallResult Getpeername(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.FilledSocketAddress))] UserPtr<byte> address, [Out] UserPtr<int> length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        var peer = use.Socket.PeerAddress;
        return peer.TryGet(out var name) ? UserSocketAddress.Write(thread, name, address, length) : peer.Error;
    }

    private static Result<Socket> Create(GuestThread thread, int family, SocketType type, int protocol, out ISocketFamily? maker)
    {
        // The types are the low four bits.
        var kind = type & (SocketType)0xF;
        maker = null;
        if ((type & ~(Flags | (SocketType)0xF)) != 0)
            return Errno.EINVAL;
        var error = thread.Machine.SocketFamilies.Find(family, kind, out maker);
        return error == Errno.None ? maker!.Create(kind, protocol) : error;
    }

    private static SyscallResult Install(GuestThread thread, Socket socket, SocketType flags) =>
        thread.Files.Add(SocketFile.Open(thread.FsCaller, socket, flags), (flags & SocketType.SOCK_CLOEXEC) != 0);
}
