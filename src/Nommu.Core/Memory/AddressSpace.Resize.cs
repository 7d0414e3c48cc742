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
                    isShown &= Show(area, file, from, to - from) == Errno.None;
            }
        }
        return isShown;
    }

    private static Errno Show(VmArea area, IMappable file, ulong offset, ulong length)
    {
        var runs = new List<MappedRun>();
        var error = file.Locate((long)offset, (long)length, runs);
        return error == Errno.None ? PutPages(area.Start + (offset - area.Offset), length, area.Protection, area.IsShared, file, runs) : error;
    }
}
