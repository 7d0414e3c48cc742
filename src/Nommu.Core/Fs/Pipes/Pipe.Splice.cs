namespace Nommu.Core.Fs.Pipes;

/// <summary>What splice(2) and tee(2) do with a pipe beyond reading and writing it.</summary>
internal sealed partial class Pipe
{
    /// <summary>Bytes that fit in free buffers.</summary>
    internal int FreeSpace
    {
        get
        {
            lock (_lock)
                return Math.Max(0, _buffers.Length - _count) * PageSize;
        }
    }

    /// <summary>Copies what is there and leaves it there.</summary>
    /// <returns>Bytes; 0 where the pipe is empty.</returns>
    internal int Peek(Span<byte> to)
    {
        var done = 0;
        lock (_lock)
        {
            for (var i = 0; i < _count && done < to.Length; i++)
            {
                ref var slot = ref Slot(i);
                var length = Math.Min(slot.Length, to.Length - done);
                slot.Page.AsSpan(slot.Offset, length).CopyTo(to[done..]);
                done += length;
            }
        }
        return done;
    }

    /// <summary>Puts back to the front what was read and could not be passed on. A writer may have taken its place meanwhile: then the pipe holds more than it should until it is read.</summary>
    internal void Unread(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            while (!bytes.IsEmpty)
            {
                var length = bytes.Length % PageSize == 0 ? PageSize : bytes.Length % PageSize;
                if (_count == _buffers.Length)
                    Resize(_buffers.Length * 2);
                _head = (_head - 1) & (_buffers.Length - 1);
                _count++;
                ref var slot = ref Slot(0);
                slot.Page ??= new byte[PageSize];
                bytes[^length..].CopyTo(slot.Page);
                (slot.Offset, slot.Length, slot.IsPacket) = (0, length, false);
                bytes = bytes[..^length];
            }
        }
        ReadQueue.Wake();
    }

    private void Resize(int pages)
    {
        var buffers = new Buffer[pages];
        for (var i = 0; i < _count; i++)
            buffers[i] = Slot(i);
        Volatile.Write(ref _buffers, buffers);
        _head = 0;
    }
}
