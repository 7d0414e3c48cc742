using System.Buffers.Binary;
using System.Text;

namespace Nommu.Core.Loader.Elf;

/// <summary>Reading by address: the dynamic section, notes, and bytes of what will be memory.</summary>
internal sealed partial class ElfImage
{
    private const int DynamicEntrySize = 16;

    /// <summary>The bytes of the file that will lie at an address.</summary>
    /// <param name="address">An address as the file says it.</param>
    /// <param name="length">How many bytes.</param>
    /// <param name="bytes">The bytes.</param>
    /// <returns>False where not all of them come from one PT_LOAD of the file.</returns>
    internal bool TryRead(ulong address, ulong length, out ReadOnlySpan<byte> bytes)
    {
        foreach (var header in _programHeaders)
        {
            if (header.Type != ElfSegmentType.PT_LOAD || header.FileSize == 0 || address < header.VirtualAddress)
                continue;
            var skip = address - header.VirtualAddress;
            if (skip > header.FileSize || length > header.FileSize - skip)
                continue;
            bytes = File.Span.Slice((int)(header.Offset + skip), (int)length);
            return true;
        }
        bytes = default;
        return false;
    }

    /// <summary>All bytes of the file from an address to the end of its PT_LOAD; nothing where no PT_LOAD holds it.</summary>
    /// <param name="address">An address as the file says it.</param>
    internal ReadOnlySpan<byte> ReadToEnd(ulong address)
    {
        foreach (var header in _programHeaders)
        {
            if (header.Type == ElfSegmentType.PT_LOAD && address >= header.VirtualAddress && address - header.VirtualAddress < header.FileSize)
                return Contents(header)[(int)(address - header.VirtualAddress)..];
        }
        return default;
    }

    /// <summary>What a program header points at in the file; a checked one of this image only.</summary>
    /// <param name="header">One of <see cref="ProgramHeaders"/>, not PT_NULL or PT_GNU_STACK, which are not checked.</param>
    internal ReadOnlySpan<byte> Contents(ElfProgramHeader header) => Bytes(File.Span, header);

    /// <summary>Where there are none, the offset may be anything.</summary>
    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> file, ElfProgramHeader header) => header.FileSize == 0 ? default : file.Slice((int)header.Offset, (int)header.FileSize);

    /// <summary>The value of the first dynamic entry with a tag.</summary>
    /// <param name="tag">The tag.</param>
    /// <param name="value">Its value.</param>
    internal bool TryGetDynamic(ElfDynamicTag tag, out ulong value)
    {
        foreach (var entry in _dynamic)
        {
            if (entry.Tag != tag)
                continue;
            value = entry.Value;
            return true;
        }
        value = 0;
        return false;
    }

    /// <summary>All notes of all PT_NOTE segments, up to the first that is damaged in each.</summary>
    internal List<ElfNote> ReadNotes()
    {
        var notes = new List<ElfNote>();
        foreach (var header in _programHeaders)
        {
            if (header is { Type: ElfSegmentType.PT_NOTE, FileSize: > 0 })
                ReadNotes(File.Slice((int)header.Offset, (int)header.FileSize), header.Alignment == 8 ? 8 : 4, notes);
        }
        return notes;
    }

    private static void ReadNotes(ReadOnlyMemory<byte> rest, int alignment, List<ElfNote> notes)
    {
        const int NoteHeaderSize = 12;
        while (rest.Length >= NoteHeaderSize)
        {
            ulong nameSize = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span);
            ulong descriptorSize = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[4..]);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[8..]);
            var descriptorAt = AlignUp(NoteHeaderSize + nameSize, (ulong)alignment);
            if (descriptorAt + descriptorSize > (ulong)rest.Length)
                return;
            var name = rest.Span.Slice(NoteHeaderSize, (int)nameSize);
            notes.Add(new ElfNote(Encoding.Latin1.GetString(name.TrimEnd((byte)0)), type, rest.Slice((int)descriptorAt, (int)descriptorSize)));
            var next = AlignUp(descriptorAt + descriptorSize, (ulong)alignment);
            if (next >= (ulong)rest.Length)
                return;
            rest = rest[(int)next..];
        }
    }

    private static ElfDynamicEntry[] ReadDynamic(ReadOnlySpan<byte> file, ElfProgramHeader[] headers)
    {
        foreach (var header in headers)
        {
            if (header.Type != ElfSegmentType.PT_DYNAMIC)
                continue;
            var bytes = Bytes(file, header);
            var entries = new List<ElfDynamicEntry>();
            for (; bytes.Length >= DynamicEntrySize; bytes = bytes[DynamicEntrySize..])
            {
                var tag = (ElfDynamicTag)BinaryPrimitives.ReadInt64LittleEndian(bytes);
                if (tag == ElfDynamicTag.DT_NULL)
                    break;
                entries.Add(new ElfDynamicEntry(tag, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])));
            }
            return [.. entries];
        }
        return [];
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}
