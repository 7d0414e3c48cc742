namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: the flip buffers of a terminal: bytes on their way between its two ends. Grows up to its limit. Guarded by the terminal's lock.</summary>
internal sealed class ByteQueue(int limit)
{
    private byte[] _bytes = [];
    private int _first;

    internal int Count { get; private set; }

    internal int Room => Math.Max(0, limit - Count);

    /// <summary>Appends; what is above the limit too, so that the caller decides what to keep to it.</summary>
    internal void Write(ReadOnlySpan<byte> source)
    {
        if (Count + source.Length > _bytes.Length)
            Grow(Count + source.Length);
        var end = (_first + Count) % _bytes.Length;
        var first = Math.Min(source.Length, _bytes.Length - end);
        source[..first].CopyTo(_bytes.AsSpan(end));
        source[first..].CopyTo(_bytes);
        Count += source.Length;
    }

    internal int Read(Span<byte> target)
    {
        var count = Math.Min(target.Length, Count);
        if (count == 0)
            return 0;
        var first = Math.Min(count, _bytes.Length - _first);
        _bytes.AsSpan(_first, first).CopyTo(target);
        _bytes.AsSpan(0, count - first).CopyTo(target[first..]);
        Drop(count);
        return count;
    }

    /// <summary>Throws away the oldest.</summary>
    internal void Drop(int count)
    {
        _first = (_first + count) % _bytes.Length;
        Count -= count;
    }

    internal void Clear() => _first = Count = 0;

    private void Grow(int needed)
    {
        var bytes = new byte[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, 256))];
        var count = Read(bytes.AsSpan(0, Count));
        (_bytes, _first, Count) = (bytes, 0, count);
    }
}
