using System.Runtime.CompilerServices;

namespace Nommu.Core.Rewriter;

/// <summary>Some ranges of a text, by lines of a power of two: what lies in none of them is told by one bit test.</summary>
internal sealed class LineMap
{
    private readonly int _length;
    private readonly int _shift;
    private readonly ulong[] _lines;

    internal LineMap(int textLength, int lineShift)
    {
        (_length, _shift, Low) = (textLength, lineShift, textLength);
        _lines = new ulong[(textLength >> (lineShift + 6)) + 1];
    }

    /// <summary>The first offset of the first line.</summary>
    internal int Low { get; private set; }

    /// <summary>Behind the last line.</summary>
    internal int High { get; private set; }

    /// <summary>Adds the lines of a range.</summary>
    internal void Add(int start, int end)
    {
        var (first, last) = (Math.Max(0, start) >> _shift, Math.Min(_length - 1, end) >> _shift);
        for (var line = first; line <= last; line++)
            _lines[line >> 6] |= 1UL << line;
        Low = Math.Min(Low, first << _shift);
        High = (int)Math.Max(High, Math.Min(_length, ((long)last + 1) << _shift));
    }

    /// <summary>True in one of the ranges; false outside of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Contains(long offset) => (ulong)offset < (ulong)_length && (_lines[(int)offset >> (_shift + 6)] >> ((int)offset >> _shift) & 1) != 0;
}
