using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Nommu.Core.Execution;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>The registers of a stopped thread in the order of <see cref="Description"/>, as gdb's g packet has them.</summary>
internal sealed class GdbRegisters
{
    private const int General = 17, SegmentsAt = 18, X87At = 24, ControlAt = 32, XmmAt = 40, MxcsrAt = 56, OrigRaxAt = 57, FsBaseAt = 58, GsBaseAt = 59;
    private const uint UserCodeSegment = 0x33, UserDataSegment = 0x2b;
    private const int X87InImage = 32, XmmInImage = 160, MxcsrInImage = 24;

    private static readonly string[] s_general = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"];
    private static readonly string[] s_segments = ["cs", "ss", "ds", "es", "fs", "gs"];
    private static readonly string[] s_control = ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"];

    private readonly GuestThread _thread;
    private readonly byte[] _xstate;
    private GuestRegisters _registers;
    private ulong _fsBase;
    private ulong _gsBase;
    private readonly bool _canWrite;

    /// <summary>With the task table's lock held, of a thread that has stopped.</summary>
    internal GdbRegisters(GuestThread thread)
    {
        _thread = thread;
        if (thread.VforkChild is not null && thread.Host?.SuspendedState(thread) is { } state)
        {
            (_registers, _fsBase, _gsBase, _xstate) = (state.Registers, state.FsBase, state.GsBase, state.XState[..512]);
            return;
        }
        var cpu = thread.Cpu;
        (_registers, _fsBase, _gsBase, _xstate, _canWrite) = (cpu.Registers, cpu.Context.FsBase, cpu.Context.GsBase, cpu.XState[..512].ToArray(), thread.Debug.IsParked);
    }

    internal const int Count = 60;

    /// <summary>Where the instruction was linked that comes next.</summary>
    internal ulong Pc => _thread.Space.ToOriginal(_registers.Rip);

    /// <summary>The document that tells gdb of the registers.</summary>
    internal static string Description { get; } = Describe();

    internal static int SizeOf(int number) => number switch
    {
        < General => 8,
        < X87At => 4,
        < ControlAt => 10,
        < XmmAt => 4,
        < MxcsrAt => 16,
        MxcsrAt => 4,
        _ => 8,
    };

    internal byte[] Read(int number)
    {
        var value = new byte[SizeOf(number)];
        if (number < General)
            BinaryPrimitives.WriteUInt64LittleEndian(value, number == General - 1 ? Pc : Word(number));
        else if (number == General)
            BinaryPrimitives.WriteUInt32LittleEndian(value, (uint)_registers.Rflags & ~0x100u);
        else if (number < X87At)
            BinaryPrimitives.WriteUInt32LittleEndian(value, number == SegmentsAt ? UserCodeSegment : number == SegmentsAt + 1 ? UserDataSegment : 0);
        else if (number < ControlAt)
            _xstate.AsSpan(X87InImage + (16 * (number - X87At)), 10).CopyTo(value);
        else if (number < XmmAt)
            BinaryPrimitives.WriteUInt32LittleEndian(value, Control(number - ControlAt));
        else if (number < MxcsrAt)
            _xstate.AsSpan(XmmInImage + (16 * (number - XmmAt)), 16).CopyTo(value);
        else if (number == MxcsrAt)
            _xstate.AsSpan(MxcsrInImage, 4).CopyTo(value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(value, number == OrigRaxAt ? (ulong)_thread.Debug.Call : number == FsBaseAt ? _fsBase : _gsBase);
        return value;
    }

    /// <summary>Changes a register. Segments and what x87 remembers of its last instruction stay as they are.</summary>
    internal void Write(int number, ReadOnlySpan<byte> value)
    {
        if (value.Length != SizeOf(number))
            return;
        if (number == General - 1)
        {
            // What gdb writes back as it was stays in its stub.
            if (BinaryPrimitives.ReadUInt64LittleEndian(value) is var pc && pc != Pc)
                _registers.Rip = _thread.Space.ToStub(pc);
        }
        else if (number < General)
        {
            Words[number] = BinaryPrimitives.ReadUInt64LittleEndian(value);
        }
        else if (number == General)
        {
            const uint Changeable = 0xcd5; // CF PF AF ZF SF DF OF
            _registers.Rflags = (_registers.Rflags & ~(ulong)Changeable) | (BinaryPrimitives.ReadUInt32LittleEndian(value) & Changeable);
        }
        else if (number is >= X87At and < ControlAt)
        {
            value.CopyTo(_xstate.AsSpan(X87InImage + (16 * (number - X87At))));
        }
        else if (number is >= XmmAt and < MxcsrAt)
        {
            value.CopyTo(_xstate.AsSpan(XmmInImage + (16 * (number - XmmAt))));
        }
        else if (number == OrigRaxAt)
        {
            _thread.Debug.Call = (int)BinaryPrimitives.ReadUInt64LittleEndian(value);
        }
        else if (number == FsBaseAt)
        {
            _fsBase = BinaryPrimitives.ReadUInt64LittleEndian(value);
        }
    }

    /// <summary>Puts what has been changed into the thread. With the task table's lock held.</summary>
    /// <returns>False where it can't be changed where it has stopped.</returns>
    internal bool TryStore()
    {
        if (!_canWrite || !_thread.Debug.IsParked)
            return false;
        var cpu = _thread.Cpu;
        cpu.Registers = _registers;
        cpu.Context.FsBase = _fsBase;
        if (!cpu.XState[..512].SequenceEqual(_xstate))
        {
            _xstate.CopyTo(cpu.XState);
            cpu.XState[512] |= 3; // x87 and SSE are not in their initial state any more (XSTATE_BV)
            cpu.XStateChanged();
        }
        return true;
    }

    private Span<ulong> Words => MemoryMarshal.Cast<GuestRegisters, ulong>(new Span<GuestRegisters>(ref _registers));

    private ulong Word(int number) => Words[number];

    private uint Control(int index) => index switch
    {
        0 => BinaryPrimitives.ReadUInt16LittleEndian(_xstate),
        1 => BinaryPrimitives.ReadUInt16LittleEndian(_xstate.AsSpan(2)),
        2 => _xstate[4],
        7 => BinaryPrimitives.ReadUInt16LittleEndian(_xstate.AsSpan(6)),
        _ => 0,
    };

    private static string Describe()
    {
        var text = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target><architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>");
        text.Append("<feature name=\"org.gnu.gdb.i386.core\">");
        foreach (var name in s_general)
            Add(name, 64, name is "rip" ? "code_ptr" : name is "rsp" or "rbp" ? "data_ptr" : "int64");
        Add("eflags", 32, "int32");
        foreach (var name in s_segments)
            Add(name, 32, "int32");
        for (var i = 0; i < 8; i++)
            Add($"st{i}", 80, "i387_ext");
        foreach (var name in s_control)
            Add(name, 32, "int", "float");
        text.Append("</feature><feature name=\"org.gnu.gdb.i386.sse\"><vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/><vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/><vector id=\"v16i8\" type=\"int8\" count=\"16\"/>");
        text.Append("<vector id=\"v8i16\" type=\"int16\" count=\"8\"/><vector id=\"v4i32\" type=\"int32\" count=\"4\"/><vector id=\"v2i64\" type=\"int64\" count=\"2\"/><union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>");
        text.Append("<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>");
        for (var i = 0; i < 16; i++)
            Add($"xmm{i}", 128, "vec128");
        Add("mxcsr", 32, "int", "vector");
        text.Append("</feature><feature name=\"org.gnu.gdb.i386.linux\">");
        Add("orig_rax", 64, "int");
        text.Append("</feature><feature name=\"org.gnu.gdb.i386.segments\">");
        Add("fs_base", 64, "int");
        Add("gs_base", 64, "int");
        return text.Append("</feature></target>").ToString();

        void Add(string name, int bits, string type, string? group = null) =>
            text.Append(CultureInfo.InvariantCulture, $"<reg name=\"{name}\" bitsize=\"{bits}\" type=\"{type}\"{(group is null ? "" : $" group=\"{group}\"")}/>");
    }
}
