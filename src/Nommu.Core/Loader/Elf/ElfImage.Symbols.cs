using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nommu.Core.Loader.Elf;

/// <summary>Symbols that say where code begins: those of the dynamic symbol table and, where the file still has its section headers, those of .symtab.</summary>
internal sealed partial class ElfImage
{
    private const int SymbolSize = 24;
    private const int SectionHeaderSize = 64;
    private const uint SHT_SYMTAB = 2;
    private const int STT_FUNC = 2;
    private const int STT_TLS = 6;

    /// <summary>An address with a name.</summary>
    internal readonly record struct NamedAddress(ulong Address, bool IsFunction);

    /// <summary>Every defined symbol (labels of hand-written code included, TLS offsets not) whose value is not zero, in no order, with duplicates.</summary>
    internal List<NamedAddress> ReadSymbols()
    {
        var addresses = new List<NamedAddress>();
        if (TryGetDynamic(ElfDynamicTag.DT_SYMTAB, out var table))
            AddSymbols(ReadToEnd(table), DynamicSymbolCount(), addresses);
        var bytes = File.Span;
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[58..]) != SectionHeaderSize || offset > (ulong)bytes.Length)
            return addresses;
        var headers = bytes[(int)offset..];
        for (; count > 0 && headers.Length >= SectionHeaderSize; count--, headers = headers[SectionHeaderSize..])
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(headers[4..]) != SHT_SYMTAB)
                continue;
            var at = BinaryPrimitives.ReadUInt64LittleEndian(headers[24..]);
            var size = BinaryPrimitives.ReadUInt64LittleEndian(headers[32..]);
            if (at <= (ulong)bytes.Length && size <= (ulong)bytes.Length - at)
                AddSymbols(bytes.Slice((int)at, (int)size), uint.MaxValue, addresses);
        }
        return addresses;
    }

    /// <summary>The value of a dynamic symbol; 0 where there is none.</summary>
    internal ulong FindSymbol(ReadOnlySpan<byte> name)
    {
        if (!TryGetDynamic(ElfDynamicTag.DT_SYMTAB, out var table) || !TryGetDynamic(ElfDynamicTag.DT_STRTAB, out var strings))
            return 0;
        var names = ReadToEnd(strings);
        var symbols = ReadToEnd(table);
        for (var count = DynamicSymbolCount(); count > 0 && symbols.Length >= SymbolSize; count--, symbols = symbols[SymbolSize..])
        {
            var at = BinaryPrimitives.ReadUInt32LittleEndian(symbols);
            if (at >= names.Length || BinaryPrimitives.ReadUInt16LittleEndian(symbols[6..]) == 0)
                continue;
            var found = names[(int)at..];
            if (found.StartsWith(name) && found.Length > name.Length && found[name.Length] == 0)
                return BinaryPrimitives.ReadUInt64LittleEndian(symbols[8..]);
        }
        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSymbols(ReadOnlySpan<byte> symbols, uint count, List<NamedAddress> addresses)
    {
        var known = MemoryMarshal.Cast<byte, Symbol>(symbols);
        known = known[..(int)Math.Min(count, (uint)known.Length)];
        addresses.EnsureCapacity(addresses.Count + known.Length);
        foreach (ref readonly var symbol in known)
        {
            var type = symbol.Info & 0xf;
            if (symbol.Section != 0 && symbol.Value != 0 && type != STT_TLS)
                addresses.Add(new NamedAddress(symbol.Value, type == STT_FUNC));
        }
    }

    /// <summary>ELF-64 Object File Format, Elf64_Sym.</summary>
    [StructLayout(LayoutKind.Sequential, Size = SymbolSize)]
    private readonly struct Symbol
    {
        internal readonly uint Name;
        internal readonly byte Info;
        internal readonly byte Other;
        internal readonly ushort Section;
        internal readonly ulong Value;
        internal readonly ulong Size;
    }

    // The dynamic section does not say how long its symbol table is. DT_HASH does (nchain); DT_GNU_HASH ends its last chain with an odd word.
    private uint DynamicSymbolCount()
    {
        if (TryGetDynamic(ElfDynamicTag.DT_HASH, out var hash) && TryRead(hash, 8, out var header))
            return BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (!TryGetDynamic(ElfDynamicTag.DT_GNU_HASH, out var gnuHash))
            return 0;
        var bytes = ReadToEnd(gnuHash);
        if (bytes.Length < 16)
            return 0;
        ulong buckets = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var firstSymbol = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        ulong bloomWords = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        var bucketsAt = 16 + bloomWords * 8;
        var chainsAt = bucketsAt + buckets * 4;
        if (chainsAt > (ulong)bytes.Length)
            return 0;
        uint last = 0;
        for (var at = (int)bucketsAt; at < (int)chainsAt; at += 4)
            last = Math.Max(last, BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]));
        if (last < firstSymbol)
            return firstSymbol;
        for (var at = chainsAt + (ulong)(last - firstSymbol) * 4; at + 4 <= (ulong)bytes.Length && last < uint.MaxValue - 1; at += 4, last++)
        {
            if ((BinaryPrimitives.ReadUInt32LittleEndian(bytes[(int)at..]) & 1) != 0)
                return last + 1;
        }
        return 0;
    }
}
