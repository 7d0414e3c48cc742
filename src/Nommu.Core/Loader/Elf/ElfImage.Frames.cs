namespace Nommu.Core.Loader.Elf;

/// <summary>Call frame information: where a function's caller has its registers (DWARF 4, section 6.4; LSB "Exception Frames").</summary>
internal sealed partial class ElfImage
{
    /// <summary>DWARF's numbers of registers on x86-64 (System V ABI, figure 3.36).</summary>
    internal const int DwarfRbp = 6, DwarfRsp = 7, DwarfReturnAddress = 16;

    private const int DwarfRegisters = 17;
    private const long Unsaved = long.MinValue;

    /// <summary>One row of the table that the instructions of a frame description build.</summary>
    private struct FrameRow
    {
        internal int CfaRegister;
        internal long CfaOffset;
        internal bool IsUnknown;
        internal long[] Saved;

        internal readonly FrameRow Copy() => this with { Saved = (long[])Saved.Clone() };
    }

    /// <summary>From a function's registers to its caller's.</summary>
    /// <param name="address">Where the function stands, as the file says it.</param>
    /// <param name="registers">By DWARF's numbers; changed where it succeeds.</param>
    /// <param name="read">Reads a word of the stack; null where there is none.</param>
    /// <returns>False where the file does not say, or in a way not understood.</returns>
    internal bool TryUnwind(ulong address, ulong[] registers, Func<ulong, ulong?> read)
    {
        var functions = ReadFunctionTable();
        var index = functions.FindLastIndex(function => function.Address <= address);
        if (index < 0 || !TryFindRow(functions[index], address, out var row) || row.IsUnknown || row.CfaRegister >= DwarfRegisters)
            return false;
        var cfa = registers[row.CfaRegister] + (ulong)row.CfaOffset;
        if (row.Saved[DwarfReturnAddress] == Unsaved)
            return false;
        for (var register = 0; register < DwarfRegisters; register++)
        {
            if (row.Saved[register] == Unsaved)
                continue;
            if (read(cfa + (ulong)row.Saved[register]) is not { } value)
                return false;
            registers[register] = value;
        }
        registers[DwarfRsp] = cfa;
        return true;
    }

    private bool TryFindRow(FunctionStart function, ulong address, out FrameRow row)
    {
        row = new FrameRow { Saved = new long[DwarfRegisters] };
        Array.Fill(row.Saved, Unsaved);
        var whole = ReadToEnd(function.FrameAddress);
        var head = new ElfReader(whole);
        var length = head.ReadUInt32();
        var distance = head.ReadUInt32();
        if (head.Failed || length is 0 or uint.MaxValue || length + 4UL > (ulong)whole.Length || !TryReadCie(function.FrameAddress + 4 - distance, out var encoding, out _))
            return false;
        var entry = new ElfReader(whole[..(int)(length + 4)]);
        entry.Skip(8);
        entry.ReadEncoded(encoding);
        if (address - function.Address >= entry.ReadEncoded((byte)(encoding & 0xf)))
            return false; // in a gap between functions
        entry.Skip(entry.ReadUleb128());
        if (!TryReadFactors(function.FrameAddress + 4 - distance, out var code, out var data, out var initial))
            return false;
        var at = function.Address;
        var none = row.Copy();
        if (!TryRun(new ElfReader(initial), address, code, data, ref at, ref row, none))
            return false;
        return TryRun(new ElfReader(whole[entry.Position..(int)(length + 4)]), address, code, data, ref at, ref row, row.Copy());
    }

    /// <summary>What a common information entry says of the numbers in instructions, and the instructions that all its functions begin with.</summary>
    private bool TryReadFactors(ulong address, out ulong code, out long data, out ReadOnlySpan<byte> initial)
    {
        (code, data) = (0, 0);
        initial = default;
        var whole = ReadToEnd(address);
        var reader = new ElfReader(whole);
        var length = reader.ReadUInt32();
        reader.Skip(5);
        var augmentation = reader.ReadString();
        code = reader.ReadUleb128();
        data = ReadSleb128(ref reader);
        reader.ReadUleb128(); // the return address's register
        if (augmentation.Length > 0)
            reader.Skip(reader.ReadUleb128());
        if (reader.Failed || length + 4UL > (ulong)whole.Length || reader.Position > (int)length + 4)
            return false;
        initial = whole[reader.Position..(int)(length + 4)];
        return true;
    }

    /// <summary>Runs instructions up to an address.</summary>
    private static bool TryRun(ElfReader reader, ulong address, ulong code, long data, ref ulong at, ref FrameRow row, in FrameRow initial)
    {
        const int MostInstructions = 10000;
        var stack = new Stack<FrameRow>();
        for (var i = 0; i < MostInstructions; i++)
        {
            var instruction = reader.ReadByte();
            if (reader.Failed)
                return true; // the last row reaches to the function's end
            ulong advance = 0;
            switch (instruction >> 6)
            {
                case 1: // DW_CFA_advance_loc
                    advance = instruction & 0x3fUL;
                    break;
                case 2: // DW_CFA_offset
                    Save(ref row, instruction & 0x3fUL, (long)reader.ReadUleb128() * data);
                    break;
                case 3: // DW_CFA_restore
                    Save(ref row, instruction & 0x3fUL, SavedIn(initial, instruction & 0x3fUL));
                    break;
                default:
                    if (!TryRunExtended(ref reader, instruction, data, ref row, initial, stack, ref advance))
                        return false;
                    break;
            }
            if (advance == 0)
                continue;
            at += advance * code;
            if (at > address)
                return true;
        }
        return false;
    }

    private static bool TryRunExtended(ref ElfReader reader, byte instruction, long data, ref FrameRow row, in FrameRow initial, Stack<FrameRow> stack, ref ulong advance)
    {
        switch (instruction)
        {
            case 0x00: // DW_CFA_nop
                break;
            case 0x02: // DW_CFA_advance_loc1
                advance = reader.ReadByte();
                break;
            case 0x03: // DW_CFA_advance_loc2
                advance = reader.ReadByte() | (ulong)reader.ReadByte() << 8;
                break;
            case 0x04: // DW_CFA_advance_loc4
                advance = reader.ReadUInt32();
                break;
            case 0x05: // DW_CFA_offset_extended
                Save(ref row, reader.ReadUleb128(), (long)reader.ReadUleb128() * data);
                break;
            case 0x06: // DW_CFA_restore_extended
                var restored = reader.ReadUleb128();
                Save(ref row, restored, SavedIn(initial, restored));
                break;
            case 0x07 or 0x08: // DW_CFA_undefined, DW_CFA_same_value
                Save(ref row, reader.ReadUleb128(), Unsaved);
                break;
            case 0x0a: // DW_CFA_remember_state
                stack.Push(row.Copy());
                break;
            case 0x0b: // DW_CFA_restore_state
                if (!stack.TryPop(out row))
                    return false;
                break;
            case 0x0c: // DW_CFA_def_cfa
                (row.CfaRegister, row.CfaOffset, row.IsUnknown) = ((int)reader.ReadUleb128(), (long)reader.ReadUleb128(), false);
                break;
            case 0x0d: // DW_CFA_def_cfa_register
                row.CfaRegister = (int)reader.ReadUleb128();
                break;
            case 0x0e: // DW_CFA_def_cfa_offset
                row.CfaOffset = (long)reader.ReadUleb128();
                break;
            case 0x0f: // DW_CFA_def_cfa_expression
                row.IsUnknown = true;
                reader.Skip(reader.ReadUleb128());
                break;
            case 0x10 or 0x16: // DW_CFA_expression, DW_CFA_val_expression
                row.IsUnknown = true;
                reader.ReadUleb128();
                reader.Skip(reader.ReadUleb128());
                break;
            case 0x2e: // DW_CFA_GNU_args_size
                reader.ReadUleb128();
                break;
            default:
                return false;
        }
        return true;
    }

    private static void Save(ref FrameRow row, ulong register, long offset)
    {
        if (register < DwarfRegisters)
            row.Saved[register] = offset;
    }

    private static long SavedIn(in FrameRow row, ulong register) => register < DwarfRegisters ? row.Saved[register] : Unsaved;

    private static long ReadSleb128(ref ElfReader reader)
    {
        long value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = reader.ReadByte();
            if (shift < 64)
                value |= (long)(next & 0x7f) << shift;
            if ((next & 0x80) == 0 || reader.Failed)
                return (next & 0x40) != 0 && shift + 7 < 64 ? value | (-1L << (shift + 7)) : value;
        }
    }
}
