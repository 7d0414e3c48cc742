using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Finds what the whole file may jump to near a site, without decoding it: every byte pattern that could be a branch or could take an address counts, whether it is an instruction or not.
/// So a leader may be one too many, which costs a window, and never one too few.
/// </summary>
/// <remarks>
/// <para>Sources: 32-bit direct branches, <c>lea reg,[rip+x]</c> (labels, and the bases of jump tables, whose entries are read), absolute addresses in code that is not position
/// independent, every aligned 8-byte word of the loaded file that points into the text (function pointers, relocation addends, symbols, tables of absolute addresses), symbols, functions of the unwind table,
/// the entry point. Short branches are found by whoever decodes around the site.</para>
/// <para>Few leaders matter, and what matters lies in few places, so most bytes are done with by one comparison: whether the four bytes, taken as a distance, lead there. Only then is looked at what stands before them.</para>
/// </remarks>
internal sealed class LeaderScan
{
    private readonly ExecutableText _text;
    private readonly LeaderMap _leaders;
    private readonly bool _isAbsolute;
    private readonly TableScan _tables;

    private LeaderScan(ExecutableText text, LeaderMap leaders)
    {
        (_text, _leaders, _tables) = (text, leaders, new TableScan(text));
        _isAbsolute = text.Image is { Type: ElfType.ET_EXEC };
    }

    /// <summary>Adds all leaders of a text to a map whose watched ranges are set.</summary>
    internal static void Collect(ExecutableText text, LeaderMap leaders)
    {
        var scan = new LeaderScan(text, leaders);
        foreach (var part in TextParts.Select(text.Bytes.Length, scan.ScanCode))
        {
            foreach (var leader in part)
                leaders.Add(leader);
        }
        scan._tables.Collect(leaders);
        scan.ScanData();
    }

    private List<long> ScanCode(int from, int end)
    {
        var found = new List<long>();
        ScanDistances(found, from, end);
        if (_isAbsolute)
            ScanAddresses(found, from, end);
        return found;
    }

    // from, end: where distances may begin.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanDistances(List<long> found, int from, int end)
    {
        var text = _text.Bytes.Span;
        var (low, range, at) = (_leaders.Low, _leaders.High - _leaders.Low, Math.Max(from, 3));
        if (Vector256.IsHardwareAccelerated)
        {
            ref var start = ref MemoryMarshal.GetReference(text);
            var most = Vector256.Create((uint)range - 1);
            var places = Vector256.Create(0, 4, 8, 12, 16, 20, 24, 28);
            for (; at + Vector256<byte>.Count + 3 < end; at += Vector256<byte>.Count)
            {
                // What a distance leads to, as seen from the first place that matters; modulo 2^32, which is looked at again.
                var lead = places + Vector256.Create(at + sizeof(int) - low);
                var hits = Leads(Vector256.LoadUnsafe(ref start, (nuint)at), lead, most)
                    | Leads(Vector256.LoadUnsafe(ref start, (nuint)at + 1), lead + Vector256.Create(1), most)
                    | Leads(Vector256.LoadUnsafe(ref start, (nuint)at + 2), lead + Vector256.Create(2), most)
                    | Leads(Vector256.LoadUnsafe(ref start, (nuint)at + 3), lead + Vector256.Create(3), most);
                var leas = Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)at - 2), Vector256.Create((byte)0x8d))
                    & Vector256.Equals(Vector256.LoadUnsafe(ref start, (nuint)at - 1) & Vector256.Create((byte)0xc7), Vector256.Create((byte)0x05));
                if (hits != Vector256<uint>.Zero)
                {
                    for (var place = at; place < at + Vector256<byte>.Count; place++)
                        Look(found, text, place);
                }
                for (var bits = leas.ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                    LookAtLea(text, at + BitOperations.TrailingZeroCount(bits));
            }
        }
        for (; at < end; at++)
        {
            Look(found, text, at);
            LookAtLea(text, at);
        }
    }

    private static Vector256<uint> Leads(Vector256<byte> distances, Vector256<int> lead, Vector256<uint> most)
    {
        var targets = (distances.AsInt32() + lead).AsUInt32();
        return Vector256.Equals(Vector256.Min(targets, most), targets);
    }

    // field: where a distance may stand, behind e8 call, e9 jmp, 0f 8x jcc, 8d /r lea, c7 f8 xbegin.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Look(List<long> found, ReadOnlySpan<byte> text, int field)
    {
        if (field < 1 || field + 4 > text.Length)
            return;
        var target = field + 4L + BinaryPrimitives.ReadInt32LittleEndian(text[field..]);
        if (!_leaders.IsWatched(target))
            return;
        var (first, second) = (field > 1 ? text[field - 2] : (byte)0, text[field - 1]);
        if ((second & 0xfe) == 0xe8 || (first == 0x0f && (second & 0xf0) == 0x80) || (first == 0x8d && (second & 0xc7) == 0x05) || (first == 0xc7 && second == 0xf8))
            found.Add(target);
    }

    // What a 64-bit lea takes the address of may be a jump table.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LookAtLea(ReadOnlySpan<byte> text, int field)
    {
        if (field < 3 || field + 4 > text.Length || text[field - 2] != 0x8d || (text[field - 1] & 0xc7) != 0x05 || (text[field - 3] & 0xf8) != 0x48)
            return;
        _tables.Offer(field + 4L + BinaryPrimitives.ReadInt32LittleEndian(text[field..]));
    }

    // b8+r, c7 c0+r mov, 68 push of a 32-bit address.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanAddresses(List<long> found, int from, int end)
    {
        var text = _text.Bytes.Span;
        for (var field = Math.Max(from, 1); field < end && field + 4 <= text.Length; field++)
        {
            var target = (long)BinaryPrimitives.ReadUInt32LittleEndian(text[field..]) - (long)_text.Address;
            if (!_leaders.IsWatched(target))
                continue;
            var (first, second) = (field > 1 ? text[field - 2] : (byte)0, text[field - 1]);
            if ((second & 0xf8) == 0xb8 || second == 0x68 || (first == 0xc7 && (second & 0xf8) == 0xc0))
                found.Add(target);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ScanData()
    {
        if (_text.Image is not { } image)
            return;
        _leaders.Add((long)(image.Entry - _text.Address));
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD || header.FileSize == 0)
                continue;
            ScanWords(image.File.Slice((int)header.Offset, (int)header.FileSize), (int)(-(long)header.VirtualAddress & 7));
        }
        foreach (var symbol in _text.Symbols)
            _leaders.Add((long)(symbol.Address - _text.Address));
        foreach (var function in _text.Functions)
            _leaders.Add((long)(function.Address - _text.Address));
    }

    private void ScanWords(ReadOnlyMemory<byte> contents, int skip)
    {
        if (contents.Length <= skip)
            return;
        var words = contents[skip..];
        foreach (var part in TextParts.Select(words.Length, (start, end) => ScanWords(MemoryMarshal.Cast<byte, ulong>(words.Span[start..end]))))
        {
            foreach (var leader in part)
                _leaders.Add(leader);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private List<long> ScanWords(ReadOnlySpan<ulong> words)
    {
        var found = new List<long>();
        var at = 0;
        var low = _text.Address + (ulong)_leaders.Low;
        var length = (ulong)(_leaders.High - _leaders.Low);
        if (Vector256.IsHardwareAccelerated)
        {
            ref var start = ref MemoryMarshal.GetReference(words);
            for (; at + Vector256<ulong>.Count <= words.Length; at += Vector256<ulong>.Count)
            {
                var offsets = Vector256.LoadUnsafe(ref start, (nuint)at) - Vector256.Create(low);
                for (var bits = Vector256.LessThan(offsets, Vector256.Create(length)).ExtractMostSignificantBits(); bits != 0; bits &= bits - 1)
                    found.Add((long)(words[at + BitOperations.TrailingZeroCount(bits)] - _text.Address));
            }
        }
        for (; at < words.Length; at++)
        {
            if (words[at] - low < length)
                found.Add((long)(words[at] - _text.Address));
        }
        return found;
    }
}
