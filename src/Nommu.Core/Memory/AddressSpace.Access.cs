using Nommu.Core.Abi;

namespace Nommu.Core.Memory;

/// <summary>The memory of somebody else. Linux: <c>access_process_vm</c>. All processes lie in one arena here, so what is whose, and may be touched how, is looked up for every piece.</summary>
internal sealed partial class AddressSpace
{
    /// <summary>Copies out what may be read.</summary>
    /// <returns>Bytes copied, fewer where something may not be read.</returns>
    internal int ReadFrom(ulong address, Span<byte> target)
    {
        lock (_lock)
        {
            var allowed = Accessible(address, target.Length, MapProtection.PROT_READ);
            OpenStackWithin(address, address + (ulong)allowed);
            if (_family is not { } family)
                return allowed - Memory.CopyFromUserPartial(target[..allowed], address);
            lock (family.Lock)
                return ReadPages(address, target[..allowed]);
        }
    }

    /// <summary>Copies in where it may be written.</summary>
    /// <returns>Bytes copied, fewer where something may not be written.</returns>
    internal int WriteTo(ulong address, ReadOnlySpan<byte> source)
    {
        lock (_lock)
        {
            var allowed = Accessible(address, source.Length, MapProtection.PROT_WRITE);
            OpenStackWithin(address, address + (ulong)allowed);
            if (_family is not { } family)
                return allowed - Memory.CopyToUserPartial(address, source[..allowed]);
            lock (family.Lock)
                return WritePages(address, source[..allowed]);
        }
    }

    /// <summary>How many bytes from an address on may be touched.</summary>
    private int Accessible(ulong address, int length, MapProtection how)
    {
        var end = address + (ulong)length;
        var at = address;
        for (var index = IndexAtOrAfter(at); index < _areas.Count && _areas[index].Start <= at && (_areas[index].Protection & how) != 0; index++)
        {
            at = _areas[index].End;
            if (at >= end)
                return length;
        }
        return (int)(at - address);
    }
}
