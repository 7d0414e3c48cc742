namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: the read buffer of N_TTY, 4096 places. Finished input in front, the line that is being edited behind it.</summary>
/// <remarks>A place holds a byte, and whether a line ends with it; an end-of-file character takes a place that ends a line without being read.</remarks>
internal sealed class InputBuffer
{
    internal const int Capacity = 4096;
    private const ushort EndsLine = 0x100, NotRead = 0x200;

    private readonly ushort[] _places = new ushort[Capacity];
    private int _first;
    private int _lines;

    internal int Count { get; private set; }

    /// <summary>How many places are finished; the rest is being edited.</summary>
    internal int Finished { get; private set; }

    internal int Editing => Count - Finished;

    internal bool HasLine => _lines > 0;

    /// <summary>The last byte of the line that is being edited.</summary>
    internal byte Last => (byte)At(Count - 1);

    private ref ushort At(int index) => ref _places[(_first + index) % Capacity];

    internal byte this[int editingIndex] => (byte)At(Finished + editingIndex);

    internal bool TryAdd(byte value)
    {
        if (Count == Capacity)
            return false;
        At(Count++) = value;
        return true;
    }

    internal void RemoveLast() => Count--;

    /// <summary>The last place ends the line.</summary>
    internal void FinishLine(bool endOfFile = false)
    {
        At(Count - 1) |= endOfFile ? (ushort)(EndsLine | NotRead) : EndsLine;
        Finished = Count;
        _lines++;
    }

    /// <summary>Everything there is may be read: raw mode, and a change of mode.</summary>
    internal void FinishAll() => Finished = Count;

    internal void Clear() => _first = Count = Finished = _lines = 0;

    /// <summary>Takes finished input: up to the end of a line, or whatever there is.</summary>
    internal int Read(Span<byte> target, bool oneLine)
    {
        var read = 0;
        while (Finished > 0)
        {
            var place = At(0);
            var skipped = (place & NotRead) != 0;
            if (!skipped && read == target.Length)
                break;
            _first = (_first + 1) % Capacity;
            Count--;
            Finished--;
            if (!skipped)
                target[read++] = (byte)place;
            if ((place & EndsLine) == 0)
                continue;
            _lines--;
            if (oneLine)
                break;
        }
        return read;
    }
}
