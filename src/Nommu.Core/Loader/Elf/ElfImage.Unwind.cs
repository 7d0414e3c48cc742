using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nommu.Core.Loader.Elf;

/// <summary>
/// What .eh_frame_hdr, .eh_frame and the exception tables say of code: where functions begin, and where an unwinder may resume (LSB "Exception Frames";
/// the Itanium C++ ABI's exception tables).
/// </summary>
internal sealed partial class ElfImage
{
    private const byte DW_EH_PE_omit = 0xff;
    private const byte DW_EH_PE_udata4 = 0x03;
    private const byte DW_EH_PE_datarel_sdata4 = 0x3b;
    private const byte DW_EH_PE_pcrel = 0x10;
    private const byte DW_EH_PE_indirect = 0x80;

    /// <summary>A function as an unwinder's search table knows it.</summary>
    internal readonly record struct FunctionStart(ulong Address, ulong FrameAddress);

    /// <summary>An entry of .eh_frame_hdr's table, in the form every linker writes: distances from its start.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct SearchEntry
    {
        internal readonly int Function;
        internal readonly int Frame;
    }

    /// <summary>The functions of .eh_frame_hdr's table, ascending; nothing where there is no table or it is not in the form every linker writes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal List<FunctionStart> ReadFunctionTable()
    {
        var functions = new List<FunctionStart>();
        foreach (var header in _programHeaders)
        {
            if (header.Type != ElfSegmentType.PT_GNU_EH_FRAME)
                continue;
            var reader = new ElfReader(Contents(header));
            if (reader.ReadByte() != 1)
                return functions;
            var frameEncoding = reader.ReadByte();
            var countEncoding = reader.ReadByte();
            var tableEncoding = reader.ReadByte();
            if (countEncoding != DW_EH_PE_udata4 || tableEncoding != DW_EH_PE_datarel_sdata4)
                return functions;
            reader.ReadEncoded(frameEncoding);
            var count = reader.ReadUInt32();
            var entries = MemoryMarshal.Cast<byte, SearchEntry>(Contents(header)[reader.Position..]);
            entries = entries[..(int)Math.Min(count, (uint)entries.Length)];
            functions.EnsureCapacity(entries.Length);
            foreach (var entry in entries)
                functions.Add(new FunctionStart(header.VirtualAddress + (ulong)entry.Function, header.VirtualAddress + (ulong)entry.Frame));
            // Sorted by whoever linked the file, since unwinders search it; a file made by somebody else is not trusted to be.
            if (!IsAscending(functions))
                functions.Sort(static (a, b) => a.Address.CompareTo(b.Address));
            return functions;
        }
        return functions;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool IsAscending(List<FunctionStart> functions)
    {
        for (var i = 1; i < functions.Count; i++)
        {
            if (functions[i].Address < functions[i - 1].Address)
                return false;
        }
        return true;
    }

    /// <summary>Adds the landing pads of a function.</summary>
    /// <param name="function">One of <see cref="ReadFunctionTable"/>.</param>
    /// <param name="addresses">Receives the addresses.</param>
    /// <returns>False where the tables are damaged or in a form not understood, so that the function may have landing pads unknown to us.</returns>
    internal bool TryCollectLandingPads(FunctionStart function, List<ulong> addresses)
    {
        var entry = new ElfReader(ReadToEnd(function.FrameAddress));
        var length = entry.ReadUInt32();
        var cieAt = function.FrameAddress + 4 - entry.ReadUInt32();
        if (entry.Failed || length is 0 or uint.MaxValue || !TryReadCie(cieAt, out var pointerEncoding, out var tableEncoding))
            return false;
        if (tableEncoding == DW_EH_PE_omit)
            return true;
        entry.ReadEncoded(pointerEncoding);
        entry.ReadEncoded(pointerEncoding);
        entry.ReadUleb128();
        var fieldAt = function.FrameAddress + (ulong)entry.Position;
        var table = entry.ReadEncoded(tableEncoding);
        if (entry.Failed || (tableEncoding & DW_EH_PE_indirect) != 0)
            return false;
        return table == 0 || TryReadLandingPads((tableEncoding & 0x70) == DW_EH_PE_pcrel ? table + fieldAt : table, function.Address, addresses);
    }

    private bool TryReadCie(ulong address, out byte pointerEncoding, out byte tableEncoding)
    {
        (pointerEncoding, tableEncoding) = (0, DW_EH_PE_omit);
        var reader = new ElfReader(ReadToEnd(address));
        var length = reader.ReadUInt32();
        if (reader.ReadUInt32() != 0 || reader.Failed || length is 0 or uint.MaxValue)
            return false;
        reader.ReadByte();
        var augmentation = reader.ReadString();
        reader.ReadUleb128();
        reader.ReadUleb128(); // The data alignment is signed; skipping it is the same.
        reader.ReadUleb128();
        if (augmentation.IsEmpty)
            return !reader.Failed;
        if (augmentation[0] != 'z')
            return false;
        reader.ReadUleb128();
        foreach (var letter in augmentation[1..])
        {
            switch ((char)letter)
            {
                case 'R': pointerEncoding = reader.ReadByte(); break;
                case 'L': tableEncoding = reader.ReadByte(); break;
                case 'P': reader.ReadEncoded(reader.ReadByte()); break;
                case 'S' or 'B': break;
                default: return false;
            }
        }
        return !reader.Failed;
    }

    private bool TryReadLandingPads(ulong address, ulong function, List<ulong> addresses)
    {
        var reader = new ElfReader(ReadToEnd(address));
        if (reader.ReadByte() != DW_EH_PE_omit)
            return false; // Landing pads relative to something else than the function: nobody writes it.
        if (reader.ReadByte() != DW_EH_PE_omit)
            reader.ReadUleb128();
        var encoding = reader.ReadByte();
        var length = reader.ReadUleb128();
        if (length > AddressLimit)
            return false;
        var end = (ulong)reader.Position + length;
        while (!reader.Failed && (ulong)reader.Position < end)
        {
            reader.ReadEncoded(encoding);
            reader.ReadEncoded(encoding);
            var pad = reader.ReadEncoded(encoding);
            reader.ReadUleb128();
            if (pad != 0 && !reader.Failed)
                addresses.Add(function + pad);
        }
        return !reader.Failed;
    }
}
