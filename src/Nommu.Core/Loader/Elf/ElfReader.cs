using System.Buffers.Binary;

namespace Nommu.Core.Loader.Elf;

/// <summary>A cursor over bytes of a file, for the variable-length encodings of DWARF (LSB "Exception Frames", DWARF 4 section 7.6). Past the end it reads zeros and says so.</summary>
internal ref struct ElfReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    internal int Position { get; private set; }

    /// <summary>True once something was asked for that the bytes do not hold.</summary>
    internal bool Failed { get; private set; }

    internal void Skip(ulong count)
    {
        if (count > (ulong)(_bytes.Length - Position))
            Fail();
        else
            Position += (int)count;
    }

    internal byte ReadByte() => Take(1) is { Length: 1 } taken ? taken[0] : (byte)0;

    internal uint ReadUInt32() => Take(4) is { Length: 4 } taken ? BinaryPrimitives.ReadUInt32LittleEndian(taken) : 0;

    internal ulong ReadUInt64() => Take(8) is { Length: 8 } taken ? BinaryPrimitives.ReadUInt64LittleEndian(taken) : 0;

    internal ulong ReadUleb128()
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = ReadByte();
            if (shift < 64)
                value |= (ulong)(next & 0x7f) << shift;
            if ((next & 0x80) == 0 || Failed)
                return value;
        }
    }

    /// <summary>A string up to its zero byte, without it.</summary>
    internal ReadOnlySpan<byte> ReadString()
    {
        var length = _bytes[Position..].IndexOf((byte)0);
        if (length < 0)
        {
            Fail();
            return default;
        }
        var text = _bytes.Slice(Position, length);
        Position += length + 1;
        return text;
    }

    /// <summary>A pointer in one of the DW_EH_PE_ formats (the low four bits of an encoding), without its base.</summary>
    internal ulong ReadEncoded(byte encoding) => (encoding & 0xf) switch
    {
        0x00 or 0x04 or 0x0c => ReadUInt64(),
        0x01 => ReadUleb128(),
        0x02 => (ulong)(ReadByte() | ReadByte() << 8),
        0x03 => ReadUInt32(),
        0x0b => (ulong)(int)ReadUInt32(),
        _ => Unreadable(),
    };

    private ulong Unreadable()
    {
        Fail();
        return 0;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position)
        {
            Fail();
            return default;
        }
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private void Fail() => (Failed, Position) = (true, _bytes.Length);
}
