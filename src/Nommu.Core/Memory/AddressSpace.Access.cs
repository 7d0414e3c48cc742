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
            return CopyOut(address, target[..allowed]);
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

    /// <summary>Moves bytes between this memory and somebody's buffers.</summary>
    /// <param name="mine">The buffers.</param>
    /// <param name="address">Where here.</param>
    /// <param name="length">How many at most.</param>
    /// <param name="isWrite">Into this memory.</param>
    /// <returns>Bytes moved, up to the first that could not be; <see cref="IoVector.Faulted"/> says whose fault that is.</returns>
    internal long Transfer(ref IoVector mine, ulong address, ulong length, bool isWrite)
    {
        const int BytesAtATime = 4096;
        Span<byte> buffer = stackalloc byte[BytesAtATime];
        ulong done = 0;
        while (done < length && mine.Remaining > 0)
        {
            var piece = buffer[..(int)Math.Min(Math.Min(length - done, BytesAtATime), (ulong)mine.Remaining)];
            var first = isWrite ? mine.CopyFrom(piece) : ReadFrom(address + done, piece);
            var moved = isWrite ? WriteTo(address + done, piece[..first]) : mine.CopyTo(piece[..first]);
            done += (ulong)moved;
            if (moved < piece.Length)
                break;
        }
        return (long)done;
    }

    /// <summary>Copies out, wherever the pages are.</summary>
    private int CopyOut(ulong address, Span<byte> target)
    {
        OpenStackWithin(address, address + (ulong)target.Length);
        if (_family is not { } family)
            return target.Length - Memory.CopyFromUserPartial(target, address);
        lock (family.Lock)
            return ReadPages(address, target);
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
