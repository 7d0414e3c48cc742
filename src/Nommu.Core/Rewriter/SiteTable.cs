namespace Nommu.Core.Rewriter;

/// <summary>
/// Translates between stubs and the original text, both ways: signal frames, /proc and debuggers show original addresses, and sigreturn, restart and cancellation ranges mean them.
/// Linux needs none: its programs run where they were loaded. Immutable.
/// </summary>
public sealed class SiteTable
{
    private readonly int[] _stubOffsets;
    private readonly int[] _originalOfStub;
    private readonly int[] _textOffsets;
    private readonly int[] _stubOfText;

    internal SiteTable(IReadOnlyList<(int Stub, int Text)> map, int stubsLength)
    {
        StubsLength = stubsLength;
        _stubOffsets = new int[map.Count];
        _originalOfStub = new int[map.Count];
        var first = new SortedDictionary<int, int>();
        for (var i = 0; i < map.Count; i++)
        {
            (_stubOffsets[i], _originalOfStub[i]) = map[i];
            // The first of several instructions that stand for one original does all of it. A stub's last jump stands for text that is in its place.
            first.TryAdd(map[i].Text, map[i].Stub);
        }
        (_textOffsets, _stubOfText) = ([.. first.Keys], [.. first.Values]);
    }

    internal int StubsLength { get; }

    /// <summary>Where an instruction of the stubs stands in the original text.</summary>
    /// <param name="stubOffset">An offset in the stubs, at or in an instruction.</param>
    /// <param name="originalOffset">The offset in the text of the instruction it does the work of: for the call itself the <c>syscall</c>, for what follows it the instruction behind that.</param>
    /// <returns>False for an offset outside the stubs.</returns>
    public bool TryTranslateToOriginal(ulong stubOffset, out ulong originalOffset)
    {
        originalOffset = 0;
        if (stubOffset >= (ulong)StubsLength)
            return false;
        var at = Array.BinarySearch(_stubOffsets, (int)stubOffset);
        if (at < 0)
            at = ~at - 1;
        if (at < 0)
            return false;
        originalOffset = (ulong)_originalOfStub[at];
        return true;
    }

    /// <summary>Where an original instruction that was moved is executed now.</summary>
    /// <param name="originalOffset">Its offset in the text.</param>
    /// <param name="stubOffset">Its offset in the stubs; for a <c>syscall</c>, of the call.</param>
    /// <returns>False for an instruction that stands in its place.</returns>
    public bool TryTranslateToStub(ulong originalOffset, out ulong stubOffset)
    {
        stubOffset = 0;
        if (originalOffset > int.MaxValue)
            return false;
        var at = Array.BinarySearch(_textOffsets, (int)originalOffset);
        if (at < 0)
            return false;
        stubOffset = (ulong)_stubOfText[at];
        return true;
    }
}
