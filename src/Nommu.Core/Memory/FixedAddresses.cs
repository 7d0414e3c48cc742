using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>
/// Where programs lie that are linked to a fixed address (ET_EXEC; most often from 400000 on, 200000 with lld): a second, low part of the arena. The host is asked for it when the first of them is run,
/// and gets it back with the last: another kernel of this process may have it meanwhile, or the host's own program if that is linked so itself.
/// </summary>
internal sealed class FixedAddresses
{
    internal const ulong Start = 0x200000, LastEnd = 0x40000000;

    private const ulong SmallestLength = 16 << 20;

    private ulong _end = Start;

    /// <summary>The first address behind them; <see cref="Start"/> while there are none.</summary>
    internal ulong End => Volatile.Read(ref _end);

    /// <summary>Takes them from the host, all or as many as are free from the start on: nothing is behind them, and they cost it no memory.</summary>
    /// <returns>False where something of the host's is in the way.</returns>
    internal bool TryReserve()
    {
        for (var length = LastEnd - Start; length >= SmallestLength; length = Arena.PageDown(length / 2))
        {
            if (!HostMemory.TryReserveAt(Start, length))
                continue;
            Volatile.Write(ref _end, Start + length);
            return true;
        }
        return false;
    }

    internal bool Contains(ulong address, ulong length) => address >= Start && address <= End && length <= End - address;

    internal void Release()
    {
        if (End != Start)
            HostMemory.Release(Start, End - Start);
        Volatile.Write(ref _end, Start);
    }
}
