using System.Runtime.InteropServices;
using Nommu.Core.Debugging;

namespace Nommu.Core.Processes;

/// <summary>What a debugger needs of a thread.</summary>
internal sealed partial class GuestThread
{
    private ThreadDebugState? _debug;
    private ulong _stepAddress;
    private ulong _stepLinked;

    private const ulong TrapFlag = 1 << 8;

    /// <summary>In <see cref="Work"/>: it runs one instruction after the other. Linux: TIF_SINGLESTEP.</summary>
    internal const int WorkStep = 8;

    /// <summary>Its part in being debugged.</summary>
    internal ThreadDebugState Debug => _debug ??= new();

    /// <summary>It is or was debugged.</summary>
    internal bool IsDebugged => _debug is not null;

    /// <summary>One instruction, if a debugger wants that or the guest itself. A rewritten system call is run as it is: what it jumps through is not the guest's.</summary>
    internal Execution.GuestExit Step()
    {
        ref var registers = ref Cpu.Registers;
        (_stepAddress, _stepLinked) = (registers.Rip, Space.ToOriginal(registers.Rip));
        if (!IsAtCall(registers.Rip))
            return Cpu.Step();
        var own = registers.Rflags & TrapFlag;
        registers.Rflags &= ~TrapFlag;
        var exit = Cpu.Run();
        registers.Rflags |= own;
        return exit;
    }

    /// <summary>After a step: an instruction that was moved is done by several with a jump before and one behind them, and not all of them have been run. One that jumps to itself in its place is a step.</summary>
    internal bool IsWithinInstruction(ulong address) => Space.ToOriginal(address) == _stepLinked && (address != _stepLinked || _stepAddress != _stepLinked);

    /// <summary>jmp *%gs:0xb0 of a stub, or call *%rax of zpoline.</summary>
    private bool IsAtCall(ulong address)
    {
        Span<byte> bytes = stackalloc byte[8];
        bytes.Clear();
        _ = Space.Memory.CopyFromUserPartial(bytes, address);
        ReadOnlySpan<byte> jump = [0x65, 0xff, 0x24, 0x25];
        return (bytes.StartsWith(jump) && MemoryMarshal.Read<int>(bytes[4..]) == Execution.GuestContext.SyscallEntryOffset)
            || (bytes[0] == 0xff && bytes[1] == 0xd0 && Space.IsZpolineSite(address));
    }
}
