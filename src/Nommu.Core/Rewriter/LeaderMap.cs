using System.Runtime.CompilerServices;

namespace Nommu.Core.Rewriter;

/// <summary>
/// The places in a text that something else may jump to, kept only where a window might be put: near a site. What is not near one is dropped by one bit test.
/// </summary>
internal sealed class LeaderMap(int textLength)
{
    private const int LineShift = 6;

    private readonly LineMap _lines = new(textLength, LineShift);
    private readonly HashSet<int> _leaders = [];

    /// <summary>No leader matters that lies before.</summary>
    internal int Low => _lines.Low;

    /// <summary>No leader matters that lies here or behind.</summary>
    internal int High => _lines.High;

    /// <summary>Marks a range whose leaders matter.</summary>
    internal void Watch(int start, int end) => _lines.Add(start, end);

    /// <summary>True when leaders near this offset matter; false outside of the text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsWatched(long offset) => _lines.Contains(offset);

    /// <summary>Records a leader; one that does not matter is nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(long offset)
    {
        if (IsWatched(offset))
            _leaders.Add((int)offset);
    }

    internal bool Contains(int offset) => _leaders.Contains(offset);

    /// <summary>True when any offset after the first of a range is a leader: then nothing may be put over the range.</summary>
    internal bool IsInside(int start, int end)
    {
        for (var offset = start + 1; offset < end; offset++)
        {
            if (_leaders.Contains(offset))
                return true;
        }
        return false;
    }
}
