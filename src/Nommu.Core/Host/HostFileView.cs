using System.Buffers;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>Pieces of a memory file of the host, mapped one behind another, to be read as one. Whoever made it sees to it that nobody reads it after it has been disposed of.</summary>
internal sealed unsafe class HostFileView : MemoryManager<byte>
{
    private readonly ulong _address;
    private readonly int _length;
    private int _isGone;

    private HostFileView(ulong address, int length) => (_address, _length) = (address, length);

    /// <summary>Maps pieces of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pieces">Offset and length of each, whole pages; 2 GiB in all at most.</param>
    /// <returns>Null where the host refuses.</returns>
    internal static HostFileView? Map(IHostFile file, IReadOnlyList<(long Offset, long Length)> pieces)
    {
        var length = pieces.Sum(piece => piece.Length);
        var address = length is 0 or > int.MaxValue ? 0 : HostMemory.Reserve((ulong)length);
        if (address == 0)
            return null;
        var at = address;
        foreach (var (offset, size) in pieces)
        {
            if (HostMemory.MapFile(at, (ulong)size, MapProtection.PROT_READ, shared: true, file.Descriptor, offset) != Errno.None)
            {
                HostMemory.Release(address, (ulong)length);
                return null;
            }
            at += (ulong)size;
        }
        return new HostFileView(address, (int)length);
    }

    public override Span<byte> GetSpan() => Volatile.Read(ref _isGone) == 0 ? new((void*)_address, _length) : throw new ObjectDisposedException(nameof(HostFileView));

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)_address + elementIndex, default, this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        // The host takes its time with many pages, and nobody waits for it.
        if (Interlocked.Exchange(ref _isGone, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static view => HostMemory.Release(view._address, (ulong)view._length), this, preferLocal: false);
    }
}
