using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Rewriter;

/// <summary>Position independent jump tables, as compilers write them: 32-bit distances from the table's own start, whose address a <c>lea</c> takes.</summary>
/// <remarks>
/// Every place whose address is taken may be a table, and is one if its first entry leads into the text. The length is not written anywhere: the first distance that leads out of the text
/// ends it, or the start of the next table, whose distances are from elsewhere. So no entry is read twice, however a file is made. Places are bits by offset in the file: a large program has a million of them.
/// </remarks>
internal sealed class TableScan
{
    private readonly ExecutableText _text;
    private readonly List<Piece> _pieces = [];
    private readonly ulong[] _places;

    internal TableScan(ExecutableText text)
    {
        _text = text;
        if (text.Image is not { } image)
        {
            _pieces.Add(new Piece(0, 0, text.Bytes));
            _places = new ulong[(text.Bytes.Length >> 6) + 1];
            return;
        }
        foreach (var header in image.ProgramHeaders)
        {
            if (header.Type == ElfSegmentType.PT_LOAD && header.FileSize > 0)
                _pieces.Add(new Piece((long)(header.VirtualAddress - text.Address), (int)header.Offset, image.File.Slice((int)header.Offset, (int)header.FileSize)));
        }
        _places = new ulong[(image.File.Length >> 6) + 1];
    }

    /// <summary>An address was taken, as an offset from the text's start. By several threads at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Offer(long address)
    {
        foreach (var piece in _pieces)
        {
            var offset = address - piece.Address;
            if ((ulong)offset >= (ulong)piece.Bytes.Length)
                continue;
            var place = piece.FileOffset + (int)offset;
            Interlocked.Or(ref _places[place >> 6], 1UL << place);
            return;
        }
    }

    /// <summary>Adds what the tables lead to.</summary>
    internal void Collect(LeaderMap leaders)
    {
        foreach (var piece in _pieces)
        {
            foreach (var part in TextParts.Select(piece.Bytes.Length, (start, end) => ReadTables(piece, start, end, leaders)))
            {
                foreach (var leader in part)
                    leaders.Add(leader);
            }
        }
    }

    // Those that begin in a part, up to the first that begins behind it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private List<long> ReadTables(Piece piece, int from, int end, LeaderMap leaders)
    {
        var found = new List<long>();
        var bytes = piece.Bytes.Span;
        var table = -1;
        for (var at = NextPlace(piece.FileOffset + from); at < piece.FileOffset + bytes.Length; at = NextPlace(at + 1))
        {
            var start = at - piece.FileOffset;
            if (start >= end && table < 0)
                break;
            if (bytes.Length - start < sizeof(int) || !IsText(piece.Address + start + BinaryPrimitives.ReadInt32LittleEndian(bytes[start..])))
                continue;
            if (table >= 0)
                Read(piece.Address + table, bytes[table..start], leaders, found);
            table = start < end ? start : -1;
        }
        if (table >= 0)
            Read(piece.Address + table, bytes[table..], leaders, found);
        return found;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Read(long table, ReadOnlySpan<byte> entries, LeaderMap leaders, List<long> found)
    {
        foreach (var entry in MemoryMarshal.Cast<byte, int>(entries))
        {
            if (!IsText(table + entry))
                break;
            if (leaders.IsWatched(table + entry))
                found.Add(table + entry);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsText(long offset) => (ulong)offset < (ulong)_text.Bytes.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int NextPlace(int at)
    {
        var index = at >> 6;
        if (index >= _places.Length)
            return int.MaxValue;
        var word = _places[index] & (ulong.MaxValue << at);
        while (word == 0)
        {
            if (++index == _places.Length)
                return int.MaxValue;
            word = _places[index];
        }
        return (index << 6) + BitOperations.TrailingZeroCount(word);
    }

    /// <summary>What lies together in the file and in memory.</summary>
    /// <param name="Address">As an offset from the text's start.</param>
    /// <param name="FileOffset">Where it begins in the file.</param>
    /// <param name="Bytes">Its contents.</param>
    private readonly record struct Piece(long Address, int FileOffset, ReadOnlyMemory<byte> Bytes);
}
