using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Finds what the whole file may jump to near a site, without decoding it: every byte pattern that could be a branch or could take an address counts, whether it is an instruction or not.
/// So a leader may be one too many, which costs a window, and never one too few.
/// </summary>
/// <remarks>
/// Sources: 32-bit direct branches, <c>lea reg,[rip+x]</c> (labels, and the bases of jump tables, whose entries are read), absolute addresses in code that is not position
/// independent, every aligned 8-byte word of the loaded file that points into the text (function pointers, relocation addends, symbols, tables of absolute addresses), symbols, functions of the unwind table,
/// the entry point. Short branches are found by whoever decodes around the site.
/// </remarks>
internal sealed class LeaderScan
{
    private readonly ExecutableText _text;
    private readonly LeaderMap _leaders;
    private readonly bool _isAbsolute;
    private readonly List<long> _tables = [];

    private LeaderScan(ExecutableText text, LeaderMap leaders)
    {
        (_text, _leaders) = (text, leaders);
        _isAbsolute = text.Image is { Type: ElfType.ET_EXEC };
    }

    /// <summary>Adds all leaders of a text to a map whose watched ranges are set.</summary>
    internal static void Collect(ExecutableText text, LeaderMap leaders)
    {
        var scan = new LeaderScan(text, leaders);
        scan.ScanCode();
        scan.ReadTables();
        scan.ScanData();
    }

    private void ScanCode()
    {
        var text = _text.Bytes.Span;
        var at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref var start = ref MemoryMarshal.GetReference(text);
            for (; at + Vector256<byte>.Count < text.Length; at += Vector256<byte>.Count)
            {
                var first = Vector256.LoadUnsafe(ref start, (nuint)at);
                var second = Vector256.LoadUnsafe(ref start, (nuint)at + 1);
                var hits = Vector256.Equals(first & Vector256.Create((byte)0xfe), Vector256.Create((byte)0xe8))
                    | (Vector256.Equals(first, Vector256.Create((byte)0x0f)) & Vector256.Equals(second & Vector256.Create((byte)0xf0), Vector256.Create((byte)0x80)))
                    | (Vector256.Equals(first, Vector256.Create((byte)0x8d)) & Vector256.Equals(second & Vector256.Create((byte)0xc7), Vector256.Create((byte)0x05)))
                    | (Vector256.Equals(first, Vector256.Create((byte)0xc7)) & Vector256.Equals(second, Vector256.Create((byte)0xf8)));
                if (_isAbsolute)
                {
                    hits |= Vector256.Equals(first & Vector256.Create((byte)0xf8), Vector256.Create((byte)0xb8)) | Vector256.Equals(first, Vector256.Create((byte)0x68))
                        | (Vector256.Equals(first, Vector256.Create((byte)0xc7)) & Vector256.Equals(second & Vector256.Create((byte)0xf8), Vector256.Create((byte)0xc0)));
                }
                for (var bits = hits.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                    Look(text, at + BitOperations.TrailingZeroCount(bits));
            }
        }
        for (; at < text.Length; at++)
            Look(text, at);
    }

    // at: a byte that may be an opcode (e8 call, e9 jmp, 0f 8x jcc, 8d /r lea, c7 f8 xbegin; b8+r, c7 c0+r mov, 68 push).
    private void Look(ReadOnlySpan<byte> text, int at)
    {
        var first = text[at];
        var second = at + 1 < text.Length ? text[at + 1] : (byte)0;
        var isLea = first == 0x8d && (second & 0xc7) == 0x05;
        var field = at + ((first & 0xfe) == 0xe8 ? 1 : 2);
        var isRelative = (first & 0xfe) == 0xe8 || isLea || (first == 0x0f && (second & 0xf0) == 0x80) || (first == 0xc7 && second == 0xf8);
        if (isRelative && field + 4 <= text.Length)
        {
            long target = field + 4L + BinaryPrimitives.ReadInt32LittleEndian(text[field..]);
            _leaders.Add(target);
            if (isLea && at > 0 && (text[at - 1] & 0xf8) == 0x48)
                OfferTable(target);
        }
        if (!_isAbsolute)
            return;
        field = at + ((first & 0xf8) == 0xb8 || first == 0x68 ? 1 : (first == 0xc7 && (second & 0xf8) == 0xc0) ? 2 : text.Length);
        if (field + 4 <= text.Length)
            _leaders.Add((long)BinaryPrimitives.ReadUInt32LittleEndian(text[field..]) - (long)_text.Address);
    }

    // What a 64-bit lea takes the address of is a jump table if its first entry leads into the text.
    private void OfferTable(long address)
    {
        var entries = EntriesAt(address);
        if (entries.Length >= 4 && IsText(address + BinaryPrimitives.ReadInt32LittleEndian(entries)))
            _tables.Add(address);
    }

    // Position independent jump tables, as compilers write them: 32-bit distances from the table's own start. The length is not written anywhere: the first distance that leads out of the text
    // ends it, or the start of the next table, whose distances are from elsewhere. So no entry is read twice, however a file is made.
    private void ReadTables()
    {
        _tables.Sort();
        for (var i = 0; i < _tables.Count; i++)
        {
            if (i > 0 && _tables[i] == _tables[i - 1])
                continue;
            var next = i + 1;
            while (next < _tables.Count && _tables[next] == _tables[i])
                next++;
            var entries = EntriesAt(_tables[i]);
            if (next < _tables.Count && _tables[next] - _tables[i] < entries.Length)
                entries = entries[..(int)(_tables[next] - _tables[i])];
            for (; entries.Length >= 4; entries = entries[4..])
            {
                var target = _tables[i] + BinaryPrimitives.ReadInt32LittleEndian(entries);
                if (!IsText(target))
                    break;
                _leaders.Add(target);
            }
        }
    }

    private bool IsText(long offset) => (ulong)offset < (ulong)_text.Bytes.Length;

    private ReadOnlySpan<byte> EntriesAt(long offset) =>
        IsText(offset) ? _text.Bytes.Span[(int)offset..] : _text.Image is { } image ? image.ReadToEnd(_text.Address + (ulong)offset) : default;

    private void ScanData()
    {
        if (_text.Image is not { } image)
            return;
        _leaders.Add((long)(image.Entry - _text.Address));
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD)
                continue;
            var contents = image.Contents(header);
            var skip = (int)(-(long)header.VirtualAddress & 7);
            if (contents.Length > skip)
                ScanWords(MemoryMarshal.Cast<byte, ulong>(contents[skip..]));
        }
        foreach (var symbol in _text.Symbols)
            _leaders.Add((long)(symbol.Address - _text.Address));
        foreach (var function in _text.Functions)
            _leaders.Add((long)(function.Address - _text.Address));
    }

    private void ScanWords(ReadOnlySpan<ulong> words)
    {
        var at = 0;
        var low = _text.Address;
        var length = (ulong)_text.Bytes.Length;
        if (Vector256.IsHardwareAccelerated)
        {
            ref var start = ref MemoryMarshal.GetReference(words);
            for (; at + Vector256<ulong>.Count <= words.Length; at += Vector256<ulong>.Count)
            {
                var offsets = Vector256.LoadUnsafe(ref start, (nuint)at) - Vector256.Create(low);
                for (var bits = Vector256.LessThan(offsets, Vector256.Create(length)).ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                    _leaders.Add((long)(words[at + BitOperations.TrailingZeroCount(bits)] - low));
            }
        }
        for (; at < words.Length; at++)
            _leaders.Add((long)(words[at] - low));
    }
}
