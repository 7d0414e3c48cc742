using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>move_addr_to_kernel</c> and <c>move_addr_to_user</c>.</summary>
internal static class UserSocketAddress
{
    /// <summary>sizeof(struct sockaddr_storage).</summary>
    internal const int MaximumLength = 128;

    /// <summary>Copies an address in.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="length">As given.</param>
    /// <param name="buffer">At least <see cref="MaximumLength"/> bytes.</param>
    /// <param name="copied">The part of the buffer that is the address.</param>
    /// <returns>EINVAL, EFAULT.</returns>
    internal static Errno Read(GuestThread thread, ulong address, int length, Span<byte> buffer, out ReadOnlySpan<byte> copied)
    {
        copied = default;
        if (length is < 0 or > MaximumLength)
            return Errno.EINVAL;
        copied = buffer[..length];
        return length == 0 ? Errno.None : thread.Memory.Read(address, buffer[..length]);
    }

    /// <summary>Copies an address out, as much of it as there is room for, and its whole length.</summary>
    /// <returns>EINVAL, EFAULT.</returns>
    internal static Errno Write(GuestThread thread, ReadOnlySpan<byte> value, UserPtr<byte> address, UserPtr<int> length)
    {
        if (thread.Memory.Read(length, out var room) != Errno.None)
            return Errno.EFAULT;
        if (room < 0)
            return Errno.EINVAL;
        if (thread.Memory.Write(address.Address, value[..Math.Min(room, value.Length)]) != Errno.None && room > 0)
            return Errno.EFAULT;
        return thread.Memory.Write(length, value.Length);
    }
}
