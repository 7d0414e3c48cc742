using System.Buffers.Binary;
using Nommu.Core.Loader.Elf;

namespace Nommu.Core.Tests.Loader;

/// <summary>Makes small ELF files for tests, byte by byte.</summary>
internal sealed class ElfBuilder
{
    private readonly List<(ElfSegmentType Type, ElfSegmentFlags Flags, ulong Offset, ulong Address, ulong FileSize, ulong MemorySize, ulong Alignment)> _headers = [];
    private readonly MemoryStream _contents = new();

    internal ElfType Type { get; set; } = ElfType.ET_DYN;

    internal ulong Entry { get; set; } = 0x1000;

    /// <summary>Adds a segment whose bytes lie in the file at the same offset as in memory.</summary>
    internal ElfBuilder Add(ElfSegmentType type, ElfSegmentFlags flags, ulong address, ReadOnlySpan<byte> bytes, ulong memorySize = 0, ulong alignment = 0x1000)
    {
        if (!bytes.IsEmpty)
        {
            _contents.Position = (long)address;
            _contents.Write(bytes);
        }
        _headers.Add((type, flags, address, address, (ulong)bytes.Length, Math.Max(memorySize, (ulong)bytes.Length), alignment));
        return this;
    }

    internal byte[] Build()
    {
        var file = new byte[Math.Max(_contents.Length, 64 + 56 * _headers.Count)];
        _contents.ToArray().CopyTo(file, 0);
        byte[] identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), (ushort)Type);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 62);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(20), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(24), Entry);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(52), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), (ushort)_headers.Count);
        for (var i = 0; i < _headers.Count; i++)
        {
            var at = file.AsSpan(64 + 56 * i);
            var header = _headers[i];
            BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)header.Type);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], (uint)header.Flags);
            BinaryPrimitives.WriteUInt64LittleEndian(at[8..], header.Offset);
            BinaryPrimitives.WriteUInt64LittleEndian(at[16..], header.Address);
            BinaryPrimitives.WriteUInt64LittleEndian(at[24..], header.Address);
            BinaryPrimitives.WriteUInt64LittleEndian(at[32..], header.FileSize);
            BinaryPrimitives.WriteUInt64LittleEndian(at[40..], header.MemorySize);
            BinaryPrimitives.WriteUInt64LittleEndian(at[48..], header.Alignment);
        }
        return file;
    }
}
