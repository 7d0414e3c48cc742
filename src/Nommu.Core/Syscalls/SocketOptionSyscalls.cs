using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>getsockopt(2) and setsockopt(2).</summary>
[SyscallFamily(SyscallClasses.Network)]
internal static class SocketOptionSyscalls
{
    /// <summary>More than any option's value; what is behind is not looked at.</summary>
    private const int MaximumLength = 256;

    [Syscall(54, "setsockopt")]
    internal static SyscallResult Setsockopt(GuestThread thread, int fd, [ShownAs(typeof(SocketLevel))] int level, SocketOption option, [ShownBy(nameof(TraceWriter.SocketOptionValue))] UserPtr<byte> value, int length)
    {
        if (length < 0)
            return Errno.EINVAL;
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        Span<byte> buffer = stackalloc byte[Math.Min(length, MaximumLength)];
        if (level == (int)SocketLevel.SOL_SOCKET && length < sizeof(int))
            return Errno.EINVAL;
        if (thread.Memory.Read(value.Address, buffer) != Errno.None)
            return Errno.EFAULT;
        return level == (int)SocketLevel.SOL_SOCKET ? use.Socket.Options.Set(option, buffer, thread.Credentials) : use.Socket.SetOption(level, (int)option, buffer);
    }

    [Syscall(55, "getsockopt")]
    internal static SyscallResult Getsockopt(GuestThread thread, int fd, [ShownAs(typeof(SocketLevel))] int level, SocketOption option, [Out, ShownBy(nameof(TraceWriter.SocketOptionValue))] UserPtr<byte> value, [Out] UserPtr<int> length)
    {
        using var use = UserSocket.Get(thread, fd);
        if (use.Error != Errno.None)
            return use.Error;
        if (level != (int)SocketLevel.SOL_SOCKET)
            return Answer(thread, use.Socket.GetOption(level, (int)option), value, length);
        if (thread.Memory.Read(length, out var room) != Errno.None)
            return Errno.EFAULT;
        return room < 0 ? Errno.EINVAL : Answer(thread, use.Socket.Options.Get(option, use.Socket), value, length);
    }

    private static SyscallResult Answer(GuestThread thread, Result<byte[]> result, UserPtr<byte> value, UserPtr<int> length)
    {
        if (!result.TryGet(out var bytes))
            return result.Error;
        if (thread.Memory.Read(length, out var room) != Errno.None)
            return Errno.EFAULT;
        var count = Math.Min(room, bytes.Length);
        if (count > 0 && thread.Memory.Write(value.Address, bytes.AsSpan(0, count)) != Errno.None)
            return Errno.EFAULT;
        return thread.Memory.Write(length, count);
    }
}
