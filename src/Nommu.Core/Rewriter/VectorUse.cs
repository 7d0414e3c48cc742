using Iced.Intel;

namespace Nommu.Core.Rewriter;

/// <summary>
/// Tells whether a text may hold an instruction with registers that are wider than 128 bits, or with mask or tile registers: then a system call has to save more than xmm0-15.
/// </summary>
/// <remarks>
/// In 64-bit code the bytes c4, c5 and 62 begin a VEX or EVEX instruction wherever an instruction begins (Intel SDM vol. 2, 2.3 and 2.7). Few places that are none decode to a valid one with wide registers
/// (7 in musl's 400 KB, 87 in git's 2.7 MB), and decoding around those tells. The answer errs to true: what can't be told, and what would take too long.
/// And <c>xrstor</c> loads such registers without naming them.
/// </remarks>
internal static class VectorUse
{
    /// <summary>Larger ones mostly do, if only in a place where nobody comes; to tell takes longer than their calls are worth.</summary>
    private const int LargestText = 16 << 20;

    private const int MostHits = 1 << 16;
    private const int MostDoubts = 256;
    private const int LongestInstruction = 15;

    private static ReadOnlySpan<byte> Restoring => [0x0f, 0xae];

    internal static bool MayUse(ReadOnlyMemory<byte> text) => text.Length > LargestText || MayRestore(text) || MayName(text);

    /// <summary>0f ae /5 with an operand in memory (Intel SDM vol. 2, XRSTOR), with or without prefixes before it.</summary>
    private static bool MayRestore(ReadOnlyMemory<byte> text)
    {
        var bytes = text.Span;
        LocalDecoder? local = null;
        var doubts = 0;
        for (var at = 0; ; at += 2)
        {
            var next = bytes[at..].IndexOf(Restoring);
            if (next < 0 || at + next + 2 >= bytes.Length)
                return false;
            at += next;
            var operand = bytes[at + 2];
            if (operand >= 0xc0 || (operand >> 3 & 7) != 5)
                continue;
            local ??= new LocalDecoder(text);
            if (++doubts > MostDoubts || !local.TryDecodeAround(at, -1, -1) || local.IndexOf(at) is not (>= 0 and var index) || local.Instructions[index].Mnemonic is Mnemonic.Xrstor or Mnemonic.Xrstor64)
                return true;
        }
    }

    private static bool MayName(ReadOnlyMemory<byte> text)
    {
        var bytes = text.Span;
        var reader = new PlaceReader();
        var decoder = Decoder.Create(64, reader);
        LocalDecoder? local = null;
        var (hits, doubts) = (0, 0);
        for (var at = 0; ; at++)
        {
            var next = bytes[at..].IndexOfAny((byte)0xc4, (byte)0xc5, (byte)0x62);
            if (next < 0)
                return false;
            at += next;
            if (++hits > MostHits)
                return true;
            reader.Read(bytes[at..]);
            decoder.Decode(out var instruction);
            if (instruction.IsInvalid || !IsWide(instruction))
                continue;
            local ??= new LocalDecoder(text);
            if (++doubts > MostDoubts || !local.TryDecodeAround(at, -1, -1) || local.IndexOf(at) is not (>= 0 and var index) || (int)local.Instructions[index].IP == at)
                return true;
        }
    }

    private static bool IsWide(in Instruction instruction)
    {
        if (instruction.Encoding == EncodingKind.EVEX)
            return true;
        for (var i = 0; i < instruction.OpCount; i++)
        {
            if (instruction.GetOpKind(i) != OpKind.Register)
                continue;
            var register = instruction.GetOpRegister(i);
            if (register.IsYMM() || register.IsZMM() || register.IsK() || register.IsTMM())
                return true;
        }
        return false;
    }

    private sealed class PlaceReader : CodeReader
    {
        private readonly byte[] _bytes = new byte[LongestInstruction];
        private int _count;
        private int _position;

        internal void Read(ReadOnlySpan<byte> place)
        {
            _count = Math.Min(place.Length, LongestInstruction);
            place[.._count].CopyTo(_bytes);
            _position = 0;
        }

        public override int ReadByte() => _position < _count ? _bytes[_position++] : -1;
    }
}
