using Nommu.Core.Fs;

namespace Nommu.Core.Memory;

/// <summary>What one mmap(2) of a file holds on to until the last piece of it is unmapped.</summary>
internal sealed class FileMapping
{
    private int _references = 1;

    /// <param name="file">Gets another reference.</param>
    internal FileMapping(FileDescription file) => File = file.Retain();

    internal FileDescription File { get; }

    internal FileMapping Retain()
    {
        _references++;
        return this;
    }

    internal void Release()
    {
        if (--_references == 0)
            File.Release();
    }
}

/// <summary>The code that the jumps in a rewritten text go to. It lies near the text and belongs to it; /proc/PID/maps does not show it.</summary>
internal sealed class TextStubs(Arena arena, ulong start, ulong length)
{
    private int _references = 1;

    internal ulong Start => start;

    internal ulong Length => length;

    internal TextStubs Retain()
    {
        _references++;
        return this;
    }

    internal void Release()
    {
        if (--_references == 0)
            arena.Discard(start, length);
    }
}
