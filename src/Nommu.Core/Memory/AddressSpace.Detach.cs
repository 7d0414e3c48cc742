using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>shmdt(2).</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Unmaps what is left of a watched mapping that was made at an address.</summary>
    /// <returns>EINVAL where nothing is.</returns>
    internal Errno Detach(ulong address)
    {
        if ((address & (Arena.PageSize - 1)) != 0)
            return Errno.EINVAL;
        lock (_lock)
        {
            for (var index = IndexAtOrAfter(address); index < _areas.Count; index++)
            {
                if (!IsPartOf(_areas[index], address))
                    continue;
                UnmapAll(_areas[index].Mapping!, address);
                return Errno.None;
            }
            return Errno.EINVAL;
        }
    }

    private static bool IsPartOf(VmArea area, ulong start) => area.Mapping is { Watcher: not null } && area.Start >= start && area.Start - start == area.Offset;

    private void UnmapAll(FileMapping mapping, ulong address)
    {
        for (var index = IndexAtOrAfter(address); index < _areas.Count;)
        {
            var area = _areas[index];
            if (area.Mapping == mapping && IsPartOf(area, address))
                UnmapLocked(area.Start, area.End);
            else
                index++;
        }
    }
}
