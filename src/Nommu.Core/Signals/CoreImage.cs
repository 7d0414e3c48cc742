using System.Buffers.Binary;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>elf_core_dump</c>: an ELF file of type ET_CORE with the notes of <see cref="CoreNotes"/> and a PT_LOAD for each mapping, with the contents of what is in no file (elf(5), core(5): coredump_filter 0x33).</summary>
/// <param name="file">Gets it.</param>
/// <param name="limit">Bytes at most; what is behind is left out.</param>
internal sealed class CoreImage(FileDescription file, long limit)
{
    private const int HeaderSize = 64, ProgramHeaderSize = 56;
    private const int MostParts = 0xfffe;
    private const int PieceSize = 64 << 10;
    private const ushort ET_CORE = 4, EM_X86_64 = 62;
    private const uint PT_LOAD = 1, PT_NOTE = 4;

    private readonly byte[] _piece = new byte[PieceSize];
    private bool _isFull;

    internal void Write(GuestThread thread, in Siginfo info)
    {
        var areas = thread.Space.Snapshot();
        if (areas.Length >= MostParts)
            areas = areas[..(MostParts - 1)];
        var notes = CoreNotes.Of(thread, info, areas);
        var notesAt = HeaderSize + (ProgramHeaderSize * (areas.Length + 1));
        var contentsAt = (long)Arena.PageUp((ulong)(notesAt + notes.Length));
        var head = new byte[notesAt];
        WriteHeader(head, areas.Length + 1);
        WriteProgramHeader(head.AsSpan(HeaderSize), PT_NOTE, 0, (ulong)notesAt, 0, (ulong)notes.Length, 0, 4);
        var at = contentsAt;
        for (var i = 0; i < areas.Length; i++)
        {
            var area = areas[i];
            var size = SizeOf(area);
            var flags = (uint)(((area.Protection & MapProtection.PROT_READ) != 0 ? 4 : 0) | ((area.Protection & MapProtection.PROT_WRITE) != 0 ? 2 : 0) | ((area.Protection & MapProtection.PROT_EXEC) != 0 ? 1 : 0));
            WriteProgramHeader(head.AsSpan(HeaderSize + (ProgramHeaderSize * (i + 1))), PT_LOAD, flags, (ulong)at, area.Start, size, area.End - area.Start, Arena.PageSize);
            at += (long)size;
        }
        Put(head, 0);
        Put(notes, notesAt);
        at = contentsAt;
        foreach (var area in areas)
        {
            PutMemory(thread.Space, area.Start, SizeOf(area), at);
            at += (long)SizeOf(area);
        }
        // Pages of zeros are holes; the last of them too.
        _ = file.Truncate(Math.Min(at, limit));
    }

    /// <summary>Linux: <c>vma_dump_size</c>.</summary>
    private static ulong SizeOf(in VmAreaInfo area)
    {
        var length = area.End - area.Start;
        if ((area.Flags & VmFlags.DontDump) != 0 || (area.Protection & MapProtection.PROT_READ) == 0)
            return 0;
        if (area.Path.Dentry is null || (area.Flags & VmFlags.Written) != 0)
            return length;
        // By the first page of a program or library a debugger knows which it is.
        return area.Offset == 0 ? Arena.PageSize : 0;
    }

    private void PutMemory(AddressSpace space, ulong address, ulong length, long at)
    {
        for (ulong done = 0; done < length && !_isFull; done += PieceSize)
        {
            var piece = _piece.AsSpan(0, (int)Math.Min(PieceSize, length - done));
            piece.Clear();
            _ = space.ReadFrom(address + done, piece);
            if (piece.ContainsAnyExcept((byte)0))
                Put(piece, at + (long)done);
        }
    }

    private void Put(ReadOnlySpan<byte> bytes, long at)
    {
        if (at + bytes.Length > limit)
        {
            _isFull = true;
            bytes = bytes[..(int)Math.Max(0, Math.Min(bytes.Length, limit - at))];
        }
        while (!bytes.IsEmpty)
        {
            var from = new IoVector(bytes);
            if (!file.WriteAt(ref from, at).TryGet(out var count) || count <= 0)
            {
                _isFull = true;
                return;
            }
            bytes = bytes[(int)count..];
            at += count;
        }
    }

    private static void WriteHeader(Span<byte> to, int parts)
    {
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(to);
        BinaryPrimitives.WriteUInt16LittleEndian(to[16..], ET_CORE);
        BinaryPrimitives.WriteUInt16LittleEndian(to[18..], EM_X86_64);
        BinaryPrimitives.WriteUInt32LittleEndian(to[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(to[52..], HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(to[54..], ProgramHeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(to[56..], (ushort)parts);
    }

    private static void WriteProgramHeader(Span<byte> to, uint type, uint flags, ulong offset, ulong address, ulong fileSize, ulong memorySize, ulong alignment)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, type);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], fileSize);
        BinaryPrimitives.WriteUInt64LittleEndian(to[40..], memorySize);
        BinaryPrimitives.WriteUInt64LittleEndian(to[48..], alignment);
    }
}
