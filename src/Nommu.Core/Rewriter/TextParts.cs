namespace Nommu.Core.Rewriter;

/// <summary>Looks through a long text on all processors.</summary>
/// <remarks>
/// Whatever is called once per byte or symbol is compiled at its best at once (<c>AggressiveOptimization</c>, and inlined into such): the first text may be a large one, and the runtime would get to it behind that.
/// </remarks>
internal static class TextParts
{
    /// <summary>Below, one processor is done before others have begun.</summary>
    private const int Smallest = 1 << 20;

    /// <summary>Looks through each part.</summary>
    /// <param name="length">Of the text.</param>
    /// <param name="look">Gets where a part begins and ends; called for several parts at a time.</param>
    /// <returns>What was found, in the order of the parts.</returns>
    internal static T[] Select<T>(int length, Func<int, int, T> look)
    {
        var count = Math.Clamp(length / Smallest, 1, 4 * Environment.ProcessorCount);
        if (count == 1)
            return [look(0, length)];
        var found = new T[count];
        Parallel.For(0, count, part => found[part] = look(Start(length, part, count), Start(length, part + 1, count)));
        return found;
    }

    private static int Start(int length, int part, int count) => part == count ? length : (int)((long)length * part / count) & -64;
}
