using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Nommu.Core.Loader.Elf;

/// <summary>The way from an address to a name, for people: by .symtab or .dynsym, whichever has the nearest symbol before it.</summary>
internal sealed partial class ElfImage
{
    private const uint SHT_DYNSYM = 11;
    private const int STT_NOTYPE = 0;

    /// <summary>The function that holds an address.</summary>
    /// <param name="address">As the file says it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="start">Where it begins.</param>
    /// <returns>False where the file has no symbols for it, or its section headers are gone.</returns>
    internal bool TryFindFunction(ulong address, out string name, out ulong start)
    {
        (name, start) = ("", 0);
        var file = File.Span;
        if (file.Length < HeaderSize)
            return false;
        var offset = BinaryPrimitives.ReadUInt64LittleEndian(file[40..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[60..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(file[58..]) != SectionHeaderSize || offset > (ulong)file.Length || (ulong)(file.Length - (int)offset) < (ulong)(count * SectionHeaderSize))
            return false;
        var headers = file.Slice((int)offset, count * SectionHeaderSize);
        for (var i = 0; i < count; i++)
        {
            var header = headers[(i * SectionHeaderSize)..];
            var link = BinaryPrimitives.ReadUInt32LittleEndian(header[40..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) is not (SHT_SYMTAB or SHT_DYNSYM) || link >= (uint)count)
                continue;
            Search(Section(file, header), Section(file, headers[((int)link * SectionHeaderSize)..]), address, ref name, ref start);
        }
        return start != 0;
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> file, ReadOnlySpan<byte> header)
    {
        var at = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        var size = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        return at <= (ulong)file.Length && size <= (ulong)file.Length - at ? file.Slice((int)at, (int)size) : default;
    }

    /// <summary>A symbol without a size, as of hand-written code, reaches to the next one.</summary>
    private static void Search(ReadOnlySpan<byte> symbols, ReadOnlySpan<byte> names, ulong address, ref string name, ref ulong start)
    {
        foreach (ref readonly var symbol in MemoryMarshal.Cast<byte, Symbol>(symbols))
        {
            var type = symbol.Info & 0xf;
            if (symbol.Section == 0 || type is not (STT_FUNC or STT_NOTYPE) || symbol.Value == 0 || symbol.Value > address || symbol.Value <= start || symbol.Name >= names.Length
                || (symbol.Size != 0 && address - symbol.Value >= symbol.Size))
                continue;
            var text = names[(int)symbol.Name..];
            var end = text.IndexOf((byte)0);
            if (end > 0)
                (name, start) = (Encoding.UTF8.GetString(text[..end]), symbol.Value);
        }
    }
}
