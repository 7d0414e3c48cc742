namespace Nommu.Core.Rewriter;

/// <summary>
/// The places in a text that something else may jump to, kept only where a window might be put: near a site. What is not near one is dropped by one bit test.
/// </summary>
internal sealed class LeaderMap(int textLength)
{
    private const int LineShift = 6;

    private readonly ulong[] _lines = new ulong[(textLength >> (LineShift + 6)) + 1];
    private readonly HashSet<int> _leaders = [];

    /// <summary>Marks a range whose leaders matter.</summary>
    internal void Watch(int start, int end)
    {
        for (var line = Math.Max(0, start) >> LineShift; line <= Math.Min(textLength - 1, end) >> LineShift; line++)
            _lines[line >> 6] |= 1UL << line;
    }

    /// <summary>True when leaders near this offset matter.</summary>
    internal bool IsWatched(int offset) => (_lines[offset >> (LineShift + 6)] >> (offset >> LineShift) & 1) != 0;

    /// <summary>Records a leader; an offset outside the text is nothing.</summary>
    internal void Add(long offset)
    {
        if ((ulong)offset < (ulong)textLength && IsWatched((int)offset))
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
