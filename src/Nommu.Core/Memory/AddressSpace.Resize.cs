using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>Files that end elsewhere than when they were mapped.</summary>
internal sealed partial class AddressSpace : IFileMapper
{
    bool IFileMapper.TryRetain() => TryRetain();

    void IFileMapper.Release() => Release();

    /// <inheritdoc/>
    bool IFileMapper.Show(IMappable file, long start, long end)
    {
        var isShown = true;
        lock (_lock)
        {
            foreach (var area in _areas)
            {
                if (area.Mapping?.Pages != file)
                    continue;
                var from = Math.Max(area.Offset, (ulong)start);
                var to = Math.Min(area.Offset + area.Length, (ulong)end);
                if (from < to)
                    isShown &= ShowInPlace(area, file, from, to - from) == Errno.None;
            }
        }
        return isShown;
    }

    /// <summary>What is out of place is put together when its turn comes; relatives that see the same are told themselves.</summary>
    private Errno ShowInPlace(VmArea area, IMappable file, ulong offset, ulong length)
    {
        if (_family is not { } family)
            return Show(area, file, offset, length);
        lock (family.Lock)
        {
            if (PartAt(area.Start) is not { } part)
                return Show(area, file, offset, length);
            if (part.Memory.Resident != part)
                return Errno.None;
            var start = area.Start + (offset - area.Offset);
            if (!area.IsShared)
                part.Memory.TakeApart(start, start + length);
            return Show(area, file, offset, length);
        }
    }

    private static Errno Show(VmArea area, IMappable file, ulong offset, ulong length)
    {
        var runs = new List<MappedRun>();
        var error = file.Locate((long)offset, (long)length, runs);
        return error == Errno.None ? PutPages(area.Start + (offset - area.Offset), length, area.Protection, area.IsShared, file, runs) : error;
    }
}
