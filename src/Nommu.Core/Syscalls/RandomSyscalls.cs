using System.Security.Cryptography;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>getrandom(2). The host's generator is always ready.</summary>
internal static class RandomSyscalls
{
    private const GetrandomFlags Known = GetrandomFlags.GRND_NONBLOCK | GetrandomFlags.GRND_RANDOM | GetrandomFlags.GRND_INSECURE;
    private const GetrandomFlags Contradiction = GetrandomFlags.GRND_RANDOM | GetrandomFlags.GRND_INSECURE;

    [Syscall(318, "getrandom")]
    internal static SyscallResult Getrandom(GuestThread thread, ulong buffer, ulong length, GetrandomFlags flags)
    {
        if ((flags & ~Known) != 0 || (flags & Contradiction) == Contradiction)
            return Errno.EINVAL;
        length = Math.Min(length, int.MaxValue);
        Span<byte> chunk = stackalloc byte[256];
        ulong done = 0;
        while (done < length)
        {
            var part = chunk[..(int)Math.Min((ulong)chunk.Length, length - done)];
            RandomNumberGenerator.Fill(part);
            var left = thread.Memory.CopyToUserPartial(buffer + done, part);
            done += (ulong)(part.Length - left);
            if (left > 0)
                return done == 0 ? Errno.EFAULT : (long)done;
            if (done >= 4096 && done < length && thread.IsSignalPending)
                break; // a long one may be cut short
        }
        return (long)done;
    }
}
