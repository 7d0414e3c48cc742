using System.Buffers.Binary;
using System.Text;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Loader;

/// <summary>Writes the shared object that AT_SYSINFO_EHDR points at (vdso(7)): one PT_LOAD, dynamic symbols with the version Linux gives them, no section headers.</summary>
internal static class VdsoFile
{
    /// <summary>Where the code begins.</summary>
    internal const int CodeOffset = 0x600;

    private const int HeaderSize = 64, ProgramHeaderSize = 56, SymbolSize = 24;
    private const long DT_VERSYM = 0x6ffffff0, DT_VERDEF = 0x6ffffffc, DT_VERDEFNUM = 0x6ffffffd;
    private const string ObjectName = "linux-vdso.so.1";
    private const string Version = "LINUX_2.6";

    /// <summary>Writes the file, at most a page.</summary>
    internal static byte[] Make(ReadOnlySpan<byte> code, List<VdsoFunction> functions)
    {
        var names = new StringTable();
        var symbols = Symbols(functions, names);
        var hash = Hash(functions.Count);
        var versions = Versions(functions.Count);
        var definitions = Definitions(names);
        var file = new byte[CodeOffset + code.Length];
        var at = HeaderSize + (2 * ProgramHeaderSize);
        var hashAt = Place(file, ref at, hash);
        var symbolsAt = Place(file, ref at, symbols);
        var versionsAt = Place(file, ref at, versions);
        var definitionsAt = Place(file, ref at, definitions);
        var objectName = names.Add(ObjectName);
        var namesAt = Place(file, ref at, names.Bytes);
        var dynamic = Words(
            [(long)ElfDynamicTag.DT_SONAME, objectName, (long)ElfDynamicTag.DT_HASH, hashAt, (long)ElfDynamicTag.DT_STRTAB, namesAt, (long)ElfDynamicTag.DT_SYMTAB, symbolsAt,
             (long)ElfDynamicTag.DT_STRSZ, names.Bytes.Length, (long)ElfDynamicTag.DT_SYMENT, SymbolSize, DT_VERSYM, versionsAt, DT_VERDEF, definitionsAt, DT_VERDEFNUM, 2, (long)ElfDynamicTag.DT_NULL, 0]);
        var dynamicAt = Place(file, ref at, dynamic);
        if (at > CodeOffset)
            throw new InvalidOperationException("The vDSO's tables have outgrown their room.");
        code.CopyTo(file.AsSpan(CodeOffset));
        WriteHeaders(file, dynamicAt, dynamic.Length);
        return file;
    }

    private static void WriteHeaders(Span<byte> file, int dynamicAt, int dynamicLength)
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt16LittleEndian(file[16..], (ushort)ElfType.ET_DYN);
        BinaryPrimitives.WriteUInt16LittleEndian(file[18..], 62);
        BinaryPrimitives.WriteUInt32LittleEndian(file[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file[24..], CodeOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(file[32..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(file[52..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(file[54..], ProgramHeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(file[56..], 2);
        WriteProgramHeader(file[HeaderSize..], ElfSegmentType.PT_LOAD, ElfSegmentFlags.PF_R | ElfSegmentFlags.PF_X, 0, file.Length, 4096);
        WriteProgramHeader(file[(HeaderSize + ProgramHeaderSize)..], ElfSegmentType.PT_DYNAMIC, ElfSegmentFlags.PF_R, dynamicAt, dynamicLength, 8);
    }

    private static void WriteProgramHeader(Span<byte> to, ElfSegmentType type, ElfSegmentFlags flags, int offset, int length, int alignment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (uint)flags);
        Words([offset, offset, offset, length, length, alignment]).CopyTo(to[8..]);
    }

    private static byte[] Symbols(List<VdsoFunction> functions, StringTable names)
    {
        var symbols = new byte[SymbolSize * (1 + functions.Count)];
        for (var i = 0; i < functions.Count; i++)
        {
            var to = symbols.AsSpan(SymbolSize * (i + 1));
            BinaryPrimitives.WriteInt32LittleEndian(to, names.Add("__vdso_" + functions[i].Name));
            to[4] = 0x12; // STB_GLOBAL, STT_FUNC
            BinaryPrimitives.WriteUInt16LittleEndian(to[6..], 1); // any section that is defined
            Words([CodeOffset + functions[i].Offset, functions[i].Length]).CopyTo(to[8..]);
        }
        return symbols;
    }

    // One bucket, whose chain goes through all symbols.
    private static byte[] Hash(int count)
    {
        var hash = new byte[4 * (2 + 1 + 1 + count)];
        Write(0, 1);
        Write(1, 1 + count);
        Write(2, 1);
        for (var i = 1; i < count; i++)
            Write(3 + i, i + 1);
        return hash;

        void Write(int index, int value) => BinaryPrimitives.WriteInt32LittleEndian(hash.AsSpan(4 * index), value);
    }

    private static byte[] Versions(int count)
    {
        var versions = new byte[2 * (1 + count)];
        for (var i = 1; i <= count; i++)
            versions[2 * i] = 2;
        return versions;
    }

    // Elf64_Verdef and Elf64_Verdaux, twice: the object itself, and the one version.
    private static byte[] Definitions(StringTable names)
    {
        const int Size = 20, NameSize = 8, VER_FLG_BASE = 1;
        var definitions = new byte[2 * (Size + NameSize)];
        Write(definitions, VER_FLG_BASE, 1, ObjectName, Size + NameSize);
        Write(definitions.AsSpan(Size + NameSize), 0, 2, Version, 0);
        return definitions;

        void Write(Span<byte> to, ushort flags, ushort index, string name, int next)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(to, 1);
            BinaryPrimitives.WriteUInt16LittleEndian(to[2..], flags);
            BinaryPrimitives.WriteUInt16LittleEndian(to[4..], index);
            BinaryPrimitives.WriteUInt16LittleEndian(to[6..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(to[8..], SymbolHash(name));
            BinaryPrimitives.WriteInt32LittleEndian(to[12..], Size);
            BinaryPrimitives.WriteInt32LittleEndian(to[16..], next);
            BinaryPrimitives.WriteInt32LittleEndian(to[Size..], names.Add(name));
        }
    }

    /// <summary>The hash function of System V's ABI (gABI, "Hash Table").</summary>
    internal static uint SymbolHash(string name)
    {
        uint hash = 0;
        foreach (var letter in name)
        {
            hash = (hash << 4) + letter;
            hash = (hash ^ ((hash & 0xf0000000) >> 24)) & 0x0fffffff;
        }
        return hash;
    }

    private static byte[] Words(ReadOnlySpan<long> values)
    {
        var bytes = new byte[8 * values.Length];
        for (var i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 * i), values[i]);
        return bytes;
    }

    private static int Place(Span<byte> file, ref int at, ReadOnlySpan<byte> table)
    {
        at = (at + 7) & ~7;
        table.CopyTo(file[at..]);
        at += table.Length;
        return at - table.Length;
    }

    private sealed class StringTable
    {
        private readonly List<byte> _bytes = [0];

        internal byte[] Bytes => [.. _bytes];

        internal int Add(string name)
        {
            var at = _bytes.Count;
            _bytes.AddRange(Encoding.ASCII.GetBytes(name));
            _bytes.Add(0);
            return at;
        }
    }
}
