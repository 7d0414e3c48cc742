using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>The host's memory calls, on a reservation of address space that this process owns. All addresses and lengths are whole pages.</summary>
internal static unsafe class HostMemory
{
    private const int MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000, MAP_FIXED_NOREPLACE = 0x100000;
    private const int SYS_mremap = 25, SYS_mincore = 27;
    private const int MREMAP_MAYMOVE_FIXED_DONTUNMAP = 7;

    /// <summary>The host's memory calls are what memory costs here, so they are counted (<c>nommu.host.memory_calls</c>).</summary>
    private static readonly Counter<long> s_calls = new Meter("Nommu.Core").CreateCounter<long>("nommu.host.memory_calls", description: "Calls of the host for guests' memory.");

    /// <summary>Takes address space: nothing is behind it, and touching it is a fault.</summary>
    /// <returns>The first address, or 0.</returns>
    internal static ulong Reserve(ulong length)
    {
        var address = HostCalls.mmap(0, (nuint)length, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return address == -1 ? 0 : (ulong)address;
    }

    /// <summary>Takes given address space, if nothing is there.</summary>
    internal static bool TryReserveAt(ulong start, ulong length)
    {
        var address = HostCalls.mmap((nint)start, (nuint)length, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
        // Before Linux 4.17 the flag is no more than a hint.
        if (address != -1 && (ulong)address != start)
            Release((ulong)address, length);
        return (ulong)address == start;
    }

    /// <summary>Gives address space back.</summary>
    internal static void Release(ulong address, ulong length) => _ = HostCalls.munmap((nint)address, (nuint)length);

    /// <summary>Makes pages what <see cref="Reserve"/> made them: their memory goes back to the host, and touching them is a fault.</summary>
    internal static Errno Discard(ulong address, ulong length) =>
        Check(HostCalls.mmap((nint)address, (nuint)length, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));

    /// <summary>Fresh zero pages of any protection, whatever was there.</summary>
    internal static Errno MapAnonymous(ulong address, ulong length, MapProtection protection) =>
        Check(HostCalls.mmap((nint)address, (nuint)length, (int)protection & 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0));

    /// <summary>Pages of a file of the host, whatever was there.</summary>
    internal static Errno MapFile(ulong address, ulong length, MapProtection protection, bool shared, int descriptor, long offset) =>
        Check(HostCalls.mmap((nint)address, (nuint)length, (int)protection & 7, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE, descriptor, (nint)offset));

    internal static Errno Protect(ulong address, ulong length, MapProtection protection) =>
        Check(HostCalls.mprotect((nint)address, (nuint)length, (int)protection & 7));

    /// <summary>Private anonymous pages read as zero again, those of a private file mapping as the file.</summary>
    internal static Errno Forget(ulong address, ulong length) => Advise(address, length, MemoryAdvice.MADV_DONTNEED);

    internal static Errno Advise(ulong address, ulong length, MemoryAdvice advice) =>
        Check(HostCalls.madvise((nint)address, (nuint)length, (int)advice));

    /// <summary>Moves the contents of private anonymous pages to another place, whatever was there; the old pages stay mapped and read as zero, so that no hole opens that others could map into.</summary>
    internal static Errno Move(ulong from, ulong length, ulong to) =>
        Check(HostCalls.syscall(SYS_mremap, (nint)from, (nint)length, (nint)length, MREMAP_MAYMOVE_FIXED_DONTUNMAP, (nint)to, 0));

    /// <summary>Which pages are in memory, a byte each, lowest bit (mincore(2)).</summary>
    internal static Errno Resident(ulong address, ulong length, Span<byte> pages)
    {
        fixed (byte* target = pages)
            return Check(HostCalls.syscall(SYS_mincore, (nint)address, (nint)length, (nint)target, 0, 0, 0));
    }

    /// <summary>Bytes of this process that are known to be there.</summary>
    internal static Span<byte> Span(ulong address, int length) => new((void*)address, length);

    /// <summary>Copies pages that are known to be there, readable and writable.</summary>
    internal static void Copy(ulong from, ulong to, ulong length) => Buffer.MemoryCopy((void*)from, (void*)to, length, length);

    /// <summary>Clears pages that are known to be there and writable.</summary>
    internal static void Clear(ulong address, ulong length)
    {
        const ulong Most = 1 << 30;
        while (length > 0)
        {
            var piece = Math.Min(length, Most);
            new Span<byte>((void*)address, (int)piece).Clear();
            address += piece;
            length -= piece;
        }
    }

    private static Errno Check(nint result)
    {
        var error = result != -1 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();
        s_calls.Add(1);
        return error;
    }
}
