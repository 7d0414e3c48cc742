using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Decodes the surroundings of one place in a text, and proves where instructions begin there. Decoding starts at a place known to be one (a symbol, a function of the unwind table,
/// a site that has trapped), or else at 15 consecutive bytes at once: an instruction has at most 15 bytes, so one of them is a start, and where all sequences have met, the true one is among them.
/// </summary>
/// <remarks>The instruction pointer of a decoded instruction is its offset in the text. What this can't see is data between the start and the place; compilers put none there.</remarks>
internal sealed class LocalDecoder(ReadOnlyMemory<byte> text)
{
    /// <summary>How far around a site short branches into its window can be, and windows reach.</summary>
    internal const int Reach = 160;

    /// <summary>A known start of an instruction that is further away is of no use.</summary>
    internal const int MaximumAnchorDistance = 768;

    private const int MaximumInstruction = 15;
    private const int Synchronisation = 160;
    private const int BufferSize = MaximumAnchorDistance + Reach + MaximumInstruction + 2;

    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly int[] _lengths = new int[BufferSize];
    private readonly BufferReader _reader = new();
    private readonly List<Instruction> _instructions = [];
    private Decoder? _decoder;
    private int _start;
    private int _count;

    internal long BytesDecoded { get; private set; }

    /// <summary>The decoded instructions, ascending and contiguous; they begin at <see cref="TrustedFrom"/>.</summary>
    internal IReadOnlyList<Instruction> Instructions => _instructions;

    /// <summary>From here on, in the text, instruction boundaries are known.</summary>
    internal int TrustedFrom { get; private set; }

    /// <summary>Decodes around a place.</summary>
    /// <param name="place">An offset in the text.</param>
    /// <param name="far">The nearest known start of an instruction that is at least <see cref="Reach"/> before the place; negative when none is known.</param>
    /// <param name="near">The nearest one at or before the place; negative when none is known.</param>
    /// <returns>False where the sequences do not meet before the place.</returns>
    /// <remarks>Decoding from the far one shows the end of the function before, too, whose short branches count; the near one must come out on the way, or else alone is believed.</remarks>
    internal bool TryDecodeAround(int place, int far, int near)
    {
        var isNear = near >= 0 && place - near <= MaximumAnchorDistance;
        if (TryDecodeFrom(place, far >= 0 && place - far <= MaximumAnchorDistance ? far : -1) && (!isNear || near < TrustedFrom || IsBoundary(near)))
            return true;
        return isNear && TryDecodeFrom(place, near);
    }

    private bool TryDecodeFrom(int place, int anchor)
    {
        _instructions.Clear();
        _start = anchor >= 0 ? anchor : Math.Max(0, place - Reach - Synchronisation);
        _count = Math.Min(text.Length - _start, place - _start + Reach + MaximumInstruction);
        text.Span.Slice(_start, _count).CopyTo(_buffer);
        _reader.Bytes = _buffer;
        _reader.End = _count;
        _decoder ??= Decoder.Create(64, _reader);
        var from = anchor >= 0 ? 0 : Synchronise(place - _start);
        if (from < 0)
            return false;
        TrustedFrom = _start + from;
        for (var at = from; at < Math.Min(_count, place - _start + Reach) && TryDecode(at, out var instruction); at += instruction.Length)
            _instructions.Add(instruction);
        return true;
    }

    private bool IsBoundary(int offset) => IndexOf(offset) is >= 0 and var index && (int)_instructions[index].IP == offset;

    /// <summary>The index of the instruction that holds the byte at an offset; negative where nothing is decoded.</summary>
    internal int IndexOf(int offset)
    {
        var low = 0;
        var high = _instructions.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var instruction = _instructions[middle];
            if (offset < (int)instruction.IP)
                high = middle - 1;
            else if (offset >= (int)instruction.NextIP)
                low = middle + 1;
            else
                return middle;
        }
        return -1;
    }

    // Follows the sequences from the first 15 bytes, always the one that is furthest behind, until they have met. A sequence that meets an invalid instruction was not the true one.
    private int Synchronise(int limit)
    {
        Array.Clear(_lengths, 0, _count);
        Span<int> heads = stackalloc int[MaximumInstruction];
        var alive = Math.Min(MaximumInstruction, limit);
        for (var i = 0; i < alive; i++)
            heads[i] = i;
        while (alive > 0)
        {
            heads = heads[..alive];
            int behind = 0, ahead = 0;
            for (var i = 1; i < alive; i++)
            {
                if (heads[i] < heads[behind])
                    behind = i;
                if (heads[i] > heads[ahead])
                    ahead = i;
            }
            if (heads[behind] == heads[ahead])
                return heads[behind] <= limit ? heads[behind] : -1;
            if (heads[behind] > limit)
                return -1;
            if (LengthAt(heads[behind]) is > 0 and var length)
                heads[behind] += length;
            else
                heads[behind] = heads[--alive];
        }
        return -1;
    }

    private int LengthAt(int at)
    {
        if (_lengths[at] == 0)
            _lengths[at] = TryDecode(at, out var instruction) ? instruction.Length : -1;
        return _lengths[at];
    }

    private bool TryDecode(int at, out Instruction instruction)
    {
        _reader.Position = at;
        _decoder!.IP = (ulong)(_start + at);
        _decoder.Decode(out instruction);
        BytesDecoded += Math.Max(1, instruction.Length);
        return !instruction.IsInvalid;
    }

    private sealed class BufferReader : CodeReader
    {
        internal byte[] Bytes { get; set; } = [];

        internal int Position { get; set; }

        internal int End { get; set; }

        public override int ReadByte() => Position < End ? Bytes[Position++] : -1;
    }
}
