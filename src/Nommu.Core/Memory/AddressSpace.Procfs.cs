using Nommu.Core.Abi;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>What /proc needs of the memory of somebody else.</summary>
internal sealed partial class AddressSpace
{
    private const int PagesPerLook = 4096;

    /// <summary>Linux: <c>mmget_not_zero</c>. False once the last user has gone.</summary>
    internal bool TryRetain()
    {
        int old;
        do
        {
            old = Volatile.Read(ref _references);
            if (old == 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _references, old + 1, old) != old);
        return true;
    }

    /// <summary>Linux: <c>mm_counter</c>. Pages that are in memory, as the host sees them.</summary>
    internal ResidentPages CountResident()
    {
        long anonymous = 0, file = 0, shared = 0;
        lock (_lock)
        {
            foreach (var area in _areas)
            {
                if (area.Backing is VmBacking.Reserved or VmBacking.Borrowed)
                    continue;
                var count = CountResident(area);
                if (area.IsShared)
                    shared += count;
                else if (area.Backing == VmBacking.HostFile)
                    file += count;
                else
                    anonymous += count;
            }
        }
        return new ResidentPages(anonymous, file, shared);
    }

    /// <summary>The pages of one mapping that are in memory; of what it borrows or has only reserved, none.</summary>
    internal ResidentPages CountResident(ulong start)
    {
        lock (_lock)
        {
            foreach (var area in _areas)
            {
                if (area.Start != start || area.Backing is VmBacking.Reserved or VmBacking.Borrowed)
                    continue;
                var count = CountResident(area);
                return area.IsShared ? new(0, 0, count) : area.Backing == VmBacking.HostFile ? new(0, count, 0) : new(count, 0, 0);
            }
        }
        return default;
    }

    private static long CountResident(VmArea area)
    {
        Span<byte> states = stackalloc byte[PagesPerLook];
        long count = 0;
        for (var at = area.Start; at < area.End;)
        {
            var length = Math.Min(area.End - at, PagesPerLook * Arena.PageSize);
            var part = states[..(int)(length / Arena.PageSize)];
            if (HostMemory.Resident(at, length, part) == Errno.None)
            {
                foreach (var state in part)
                    count += state & 1;
            }
            at += length;
        }
        return count;
    }
}

/// <summary>Linux: MM_ANONPAGES, MM_FILEPAGES and MM_SHMEMPAGES.</summary>
internal readonly record struct ResidentPages(long Anonymous, long File, long Shared)
{
    internal long Total => Anonymous + File + Shared;
}
