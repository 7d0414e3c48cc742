using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Nommu.Core.Execution;

/// <summary>Emitted routines that touch guest memory for the kernel, and where the SIGSEGV handler sends them when that memory is not there.</summary>
/// <remarks>
/// <c>rep movsb</c> and <c>rep stosb</c> keep what is left in rcx, to the byte, when they fault: the fix-up answers rcx. The word routines answer -1.
/// They are recognised by rip alone, so they work on every thread of the host.
/// </remarks>
internal sealed class UserCopyCode
{
    internal UserCopyCode(CodeBuffer buffer)
    {
        var a = new Assembler(64);
        Label clear = a.CreateLabel(), remaining = a.CreateLabel();
        a.mov(rcx, rdx);
        a.rep.movsb();
        a.mov(rax, rcx);
        a.ret();
        a.Label(ref clear);
        a.mov(rcx, rsi);
        a.xor(eax, eax);
        a.rep.stosb();
        a.Label(ref remaining);
        a.mov(rax, rcx);
        a.ret();

        Label load32 = a.CreateLabel(), store32 = a.CreateLabel(), exchange32 = a.CreateLabel(), length = a.CreateLabel();
        Label minusOne = a.CreateLabel(), next = a.CreateLabel(), stop = a.CreateLabel();
        a.Label(ref load32); // (address, uint* value)
        a.mov(eax, __dword_ptr[rdi]);
        a.mov(__dword_ptr[rsi], eax);
        a.xor(eax, eax);
        a.ret();
        a.Label(ref store32); // (address, value)
        a.mov(__dword_ptr[rdi], esi);
        a.xor(eax, eax);
        a.ret();
        a.Label(ref exchange32); // (address, uint* expected and found, desired)
        a.mov(eax, __dword_ptr[rsi]);
        a.@lock.cmpxchg(__dword_ptr[rdi], edx);
        a.mov(__dword_ptr[rsi], eax);
        a.mov(eax, 0);
        a.ret();
        a.Label(ref length); // (address, max): bytes before the zero, or max
        a.xor(eax, eax);
        a.Label(ref next);
        a.cmp(rax, rsi);
        a.jae(stop);
        a.cmp(__byte_ptr[rdi + rax], 0);
        a.je(stop);
        a.inc(rax);
        a.jmp(next);
        a.Label(ref stop);
        a.ret();
        a.Label(ref minusOne);
        a.mov(rax, -1);
        a.ret();

        var (start, labels) = buffer.Emit(a);
        Copy = start;
        Clear = labels.GetLabelRIP(clear);
        Load32 = labels.GetLabelRIP(load32);
        Store32 = labels.GetLabelRIP(store32);
        CompareExchange32 = labels.GetLabelRIP(exchange32);
        StringLength = labels.GetLabelRIP(length);
        BulkRange = (start, labels.GetLabelRIP(remaining));
        BulkFixup = labels.GetLabelRIP(remaining);
        WordRange = (labels.GetLabelRIP(load32), labels.GetLabelRIP(minusOne));
        WordFixup = labels.GetLabelRIP(minusOne);
    }

    internal ulong Copy { get; }

    internal ulong Clear { get; }

    internal ulong Load32 { get; }

    internal ulong Store32 { get; }

    internal ulong CompareExchange32 { get; }

    internal ulong StringLength { get; }

    internal (ulong Start, ulong End) BulkRange { get; }

    internal ulong BulkFixup { get; }

    internal (ulong Start, ulong End) WordRange { get; }

    internal ulong WordFixup { get; }
}
