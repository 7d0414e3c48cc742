using Iced.Intel;
using Nommu.Core.Host;

namespace Nommu.Core.Execution;

/// <summary>Host memory for emitted code: written while it is filled, then sealed to read and execute for good.</summary>
internal sealed unsafe class CodeBuffer
{
    private readonly nuint _size;
    private int _used;

    internal CodeBuffer(int size)
    {
        _size = (nuint)size;
        Start = HostCalls.mmap(0, _size, 3, 0x22, -1, 0);
        if (Start == -1)
            throw new InsufficientMemoryException("No memory for emitted code.");
    }

    internal nint Start { get; }

    internal int Used => _used;

    /// <summary>Assembles at the next 64-byte boundary.</summary>
    /// <returns>The code's address and the assembler's result, for the addresses of labels.</returns>
    internal (ulong Address, AssemblerResult Labels) Emit(Assembler assembler)
    {
        using var bytes = new MemoryStream();
        var address = (ulong)Start + (ulong)_used;
        var result = assembler.Assemble(new StreamCodeWriter(bytes), address, BlockEncoderOptions.ReturnNewInstructionOffsets);
        var code = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        code.CopyTo(new Span<byte>((void*)(Start + _used), (int)_size - _used));
        _used = (_used + code.Length + 63) & ~63;
        return (address, result);
    }

    internal void Seal()
    {
        if (HostCalls.mprotect(Start, _size, 5) != 0)
            throw new InvalidOperationException("The host refuses executable memory.");
    }
}
