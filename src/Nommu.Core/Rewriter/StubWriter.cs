using System.Buffers;
using System.Buffers.Binary;
using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Writes stubs one after another. A stub does what its window did, sets rcx to the return address as the instruction does (Intel SDM, SYSCALL), and jumps through GS to the kernel's entry.
/// Nothing is pushed, so the red zone is safe, and no flag changes.
/// </summary>
internal sealed class StubWriter(ExecutableText text, int nominalDistance)
{
    private const int StubAlignment = 16;
    private const byte Int3 = 0xcc;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<int> _fixups = [];
    private readonly List<(int Stub, int Text)> _map = [];

    internal int Position => _bytes.WrittenCount;

    internal ReadOnlyMemory<byte> Bytes => _bytes.WrittenMemory;

    /// <summary>Where 32-bit displacements from a stub to the image stand.</summary>
    internal List<int> Fixups => _fixups;

    /// <summary>Which original instruction each instruction of the stubs stands for; ascending in the stubs.</summary>
    internal List<(int Stub, int Text)> Map => _map;

    /// <summary>Writes the stub of a site.</summary>
    /// <returns>Where it begins.</returns>
    internal int Write(CandidateSite site, in DetourWindow window)
    {
        Align();
        var stub = Position;
        for (var i = window.Before - 1; i >= 0; i--)
            Move(site.Before[i]);
        var call = Position;
        // lea rcx,[rip+x], then jmp qword ptr gs:[disp32]: an absolute operand without base needs a SIB byte in 64-bit code.
        _map.Add((call, site.Offset));
        Write([0x48, 0x8d, 0x0d]);
        var returnsToStub = window.After > 0;
        WriteDisplacement(returnsToStub ? Position + 4 + 8 : NominalText(site.End), isImage: !returnsToStub);
        _map.Add((Position, site.Offset));
        Write([0x65, 0xff, 0x24, 0x25]);
        WriteInt32(text.EntryOffset);
        if (!returnsToStub)
            return stub;
        var reached = Math.Min(window.After, site.Reached);
        for (var i = 0; i < reached; i++)
            Move(site.After[i]);
        if (!Displacement.EndsFlow(site.After[reached - 1]))
        {
            _map.Add((Position, window.End));
            Write([0xe9]);
            WriteDisplacement(NominalText(window.End), isImage: true);
        }
        return stub;
    }

    // Where an offset of the text lies as seen from the stubs' first byte, at the nominal distance.
    private long NominalText(long offset) => offset - nominalDistance;

    private void Move(in Instruction instruction)
    {
        _map.Add((Position, (int)instruction.IP));
        if (instruction.IsJccShortOrNear)
        {
            // The condition codes are in the order of the encoding, after "none".
            Write([0x0f, (byte)(0x80 + (int)instruction.ConditionCode - 1)]);
            WriteDisplacement(NominalText((long)instruction.NearBranchTarget), isImage: true);
        }
        else if (instruction.FlowControl == FlowControl.UnconditionalBranch)
        {
            Write([0xe9]);
            WriteDisplacement(NominalText((long)instruction.NearBranchTarget), isImage: true);
        }
        else
        {
            MoveVerbatim(instruction);
        }
    }

    private void MoveVerbatim(in Instruction instruction)
    {
        var bytes = text.Bytes.Slice((int)instruction.IP, instruction.Length).ToArray();
        if (!instruction.IsIPRelativeMemoryOperand)
        {
            Write(bytes);
            return;
        }
        var decoder = Decoder.Create(64, bytes, instruction.IP);
        decoder.Decode(out var again);
        var field = decoder.GetConstantOffsets(again).DisplacementOffset;
        // The operand stays where it is, so the displacement changes by how far the instruction moved.
        var moved = nominalDistance + (long)Position - (long)instruction.IP;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(field), checked((int)(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(field)) - moved)));
        _fixups.Add(Position + field);
        Write(bytes);
    }

    private void WriteDisplacement(long target, bool isImage)
    {
        if (isImage)
            _fixups.Add(Position);
        WriteInt32(checked((int)(target - (Position + 4))));
    }

    private void WriteInt32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    private void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    private void Align()
    {
        while ((Position & (StubAlignment - 1)) != 0)
            Write([Int3]);
    }
}
