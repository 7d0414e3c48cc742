using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Host;

namespace Nommu.Core.Memory;

/// <summary>mmap(2) of files.</summary>
internal sealed partial class AddressSpace
{
    private const int CopyPiece = 64 << 10;

    private Result<ulong> MapFile(in MapRequest request, ulong length) => request.IsShared ? Errno.ENODEV : MapCopy(request, length);

    /// <summary>A private mapping of a file that the host can't map: its bytes as they are now, as nommu Linux does it (NOMMU_MAP_COPY).</summary>
    private Result<ulong> MapCopy(in MapRequest request, ulong length)
    {
        var pages = (long)(length / Arena.PageSize);
        if (!Arena.TryCharge(pages))
            return Errno.ENOMEM;
        var access = request.Protection & VmArea.AccessBits;
        var placed = PlaceZeroed(request, length);
        var error = placed.Error;
        if (error == Errno.None)
        {
            error = CopyIn(request.File!, placed.Value, (long)request.Length, request.Offset);
            if (error == Errno.None && access != ReadWrite)
                error = HostMemory.Protect(placed.Value, length, access);
            if (error != Errno.None)
                GiveBack(placed.Value, placed.Value + length);
        }
        if (error != Errno.None)
        {
            Arena.Uncharge(pages);
            return error;
        }
        Insert(new VmArea
        {
            Start = placed.Value,
            End = placed.Value + length,
            Protection = access,
            Flags = AreaFlags(request) | VmFlags.Charged,
            Backing = VmBacking.Anonymous,
            Mapping = new FileMapping(request.File!),
            Offset = (ulong)request.Offset,
        });
        return placed;
    }

    private Errno CopyIn(FileDescription file, ulong address, long length, long offset)
    {
        while (length > 0)
        {
            var to = new IoVector(Memory, address, Math.Min(length, CopyPiece));
            var read = file.ReadAt(ref to, offset);
            if (!read.TryGet(out var count))
                return read.Error == Errno.EAGAIN ? Errno.EIO : Errno.ENODEV;
            if (count == 0)
                return Errno.None;
            (address, length, offset) = (address + (ulong)count, length - count, offset + count);
        }
        return Errno.None;
    }
}
