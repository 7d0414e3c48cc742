using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>import_iovec</c> and <c>import_ubuf</c>: what a guest gave as the buffers of one call.</summary>
internal static class UserIovecs
{
    /// <summary>Linux: MAX_RW_COUNT: no call moves more at once (read(2), NOTES).</summary>
    internal const long MaximumCount = 0x7ffff000;

    internal static IoVector Single(GuestThread thread, UserPtr<byte> buffer, ulong count)
    {
        if (count > 0)
            GrowFor(thread, buffer.Address);
        return new(thread.Memory, buffer.Address, (long)Math.Min(count, MaximumCount));
    }

    internal static Errno Read(GuestThread thread, UserPtr<Iovec> pointer, int count, out IoVector vector)
    {
        vector = default;
        if ((uint)count > GuestThread.MaximumIovecs)
            return Errno.EINVAL;
        var segments = thread.IovecBuffer.AsSpan(0, count);
        var error = thread.Memory.Read(pointer.Address, MemoryMarshal.AsBytes(segments));
        if (error != Errno.None && count > 0)
            return error;
        long total = 0;
        foreach (ref var segment in segments)
        {
            if (segment.Length > long.MaxValue)
                return Errno.EINVAL;
            segment.Length = Math.Min(segment.Length, (ulong)(MaximumCount - total));
            total += (long)segment.Length;
            if (segment.Length > 0)
                GrowFor(thread, segment.Base);
        }
        vector = new IoVector(thread.Memory, segments, total);
        return Errno.None;
    }

    /// <summary>What is below a mapping that grows is there before the call begins, which may copy under a file's lock.</summary>
    private static void GrowFor(GuestThread thread, ulong address)
    {
        if (thread.Space.HasGrowing && thread.Space.IsHole(address))
            _ = thread.TryGrow(address, isWrite: false);
    }
}
