using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Loader.Elf;
using Nommu.Core.Processes;

namespace Nommu.Core.Debugging;

/// <summary>How it is known that a function was called from somewhere.</summary>
internal enum FrameKind
{
    /// <summary>Where the thread is.</summary>
    Here,

    /// <summary>By the file's call frame information.</summary>
    Unwound,

    /// <summary>By the chain of frame pointers.</summary>
    FramePointer,

    /// <summary>A signal came here; what follows it is the handler's end.</summary>
    Signal,

    /// <summary>A word on the stack that a call could have left.</summary>
    Guess,
}

/// <summary>One function of a call chain.</summary>
/// <param name="Address">Where it is, or goes on.</param>
/// <param name="Kind">How that is known.</param>
internal readonly record struct CallFrame(ulong Address, FrameKind Kind);

/// <summary>The functions that a thread is in, the innermost first: by call frame information, else by frame pointers, and where both end too early by what on the stack looks like a return address.</summary>
internal sealed class CallChain(GuestThread thread, CodeMap map)
{
    private const int MostFrames = 64, MostGuesses = 8, WordsScanned = 512;
    private const ulong LargestFrame = 1 << 20;

    private readonly List<CallFrame> _frames = [];
    private readonly ulong[] _registers = new ulong[17];

    internal IReadOnlyList<CallFrame> Walk()
    {
        ref var r = ref thread.Cpu.Registers;
        ReadOnlySpan<ulong> registers = [r.Rax, r.Rdx, r.Rcx, r.Rbx, r.Rsi, r.Rdi, r.Rbp, r.Rsp, r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15, thread.Space.ToOriginal(r.Rip)];
        registers.CopyTo(_registers);
        _frames.Add(new CallFrame(Pc, FrameKind.Here));
        var isExact = true; // a return address may stand behind its function's end
        while (_frames.Count < MostFrames)
        {
            var kind = Step(ref isExact);
            if (kind == FrameKind.Guess)
            {
                Guess();
                break;
            }
            if (Pc == 0 || !map.IsCode(Pc))
                break;
            _frames.Add(new CallFrame(Pc, kind));
        }
        return _frames;
    }

    private ulong Pc
    {
        get => _registers[ElfImage.DwarfReturnAddress];
        set => _registers[ElfImage.DwarfReturnAddress] = thread.Space.ToOriginal(value);
    }

    private ulong Sp { get => _registers[ElfImage.DwarfRsp]; set => _registers[ElfImage.DwarfRsp] = value; }

    private ulong Fp { get => _registers[ElfImage.DwarfRbp]; set => _registers[ElfImage.DwarfRbp] = value; }

    private FrameKind Step(ref bool isExact)
    {
        if (IsSignalReturn() && TryLeaveHandler())
        {
            isExact = true;
            return FrameKind.Signal;
        }
        var address = isExact ? Pc : Pc - 1;
        if (!map.IsCode(Pc) && _frames.Count == 1)
            return TryReturn(Sp) ? FrameKind.Unwound : FrameKind.Guess; // a jump to nowhere was most likely a call
        isExact = false;
        if (map.ModuleAt(address) is { Image: { } image } module && image.TryUnwind(address - module.Bias, _registers, Read))
        {
            Pc = _registers[ElfImage.DwarfReturnAddress];
            return FrameKind.Unwound;
        }
        return TryFramePointer() ? FrameKind.FramePointer : FrameKind.Guess;
    }

    private bool TryReturn(ulong at)
    {
        if (Read(at) is not { } address || !map.IsCode(address))
            return false;
        (Pc, Sp) = (address, at + sizeof(ulong));
        return true;
    }

    private bool TryFramePointer()
    {
        var frame = Fp;
        if (frame < Sp || frame - Sp > LargestFrame || frame % sizeof(ulong) != 0 || Read(frame) is not { } outer || !TryReturn(frame + sizeof(ulong)))
            return false;
        Fp = outer;
        return true;
    }

    /// <summary>mov $15,%rax or %eax, and syscall.</summary>
    private bool IsSignalReturn()
    {
        Span<byte> bytes = stackalloc byte[9];
        return thread.Space.ReadOriginal(Pc, bytes) == bytes.Length
            && (bytes.SequenceEqual((ReadOnlySpan<byte>)[0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05]) || bytes[..7].SequenceEqual((ReadOnlySpan<byte>)[0xb8, 15, 0, 0, 0, 0x0f, 0x05]));
    }

    private bool TryLeaveHandler()
    {
        var frame = default(RtSigframe);
        if (thread.Space.ReadFrom(Sp - sizeof(ulong), MemoryMarshal.AsBytes(new Span<RtSigframe>(ref frame))) != Marshal.SizeOf<RtSigframe>())
            return false;
        ref var c = ref frame.Ucontext.Context;
        ReadOnlySpan<ulong> registers = [c.Rax, c.Rdx, c.Rcx, c.Rbx, c.Rsi, c.Rdi, c.Rbp, c.Rsp, c.R8, c.R9, c.R10, c.R11, c.R12, c.R13, c.R14, c.R15, c.Rip];
        registers.CopyTo(_registers);
        return true;
    }

    private void Guess()
    {
        var guesses = 0;
        for (var i = 0; i < WordsScanned && guesses < MostGuesses && Read(Sp + ((ulong)i * sizeof(ulong))) is { } word; i++)
        {
            var address = thread.Space.ToOriginal(word);
            if (!map.IsCode(address) || !FollowsCall(address))
                continue;
            _frames.Add(new CallFrame(address, FrameKind.Guess));
            guesses++;
        }
    }

    /// <summary>Whether what stands before an address can be a call: of a distance, or through a register or memory.</summary>
    private bool FollowsCall(ulong address)
    {
        Span<byte> before = stackalloc byte[7];
        if (thread.Space.ReadOriginal(address - 7, before) != before.Length)
            return false;
        if (before[2] == 0xe8)
            return true;
        for (var length = 2; length <= 7; length++)
        {
            if (before[7 - length] == 0xff && (before[8 - length] & 0x38) == 0x10)
                return true;
        }
        return false;
    }

    private ulong? Read(ulong address)
    {
        ulong word = 0;
        return thread.Space.ReadFrom(address, MemoryMarshal.AsBytes(new Span<ulong>(ref word))) == sizeof(ulong) ? word : null;
    }
}
