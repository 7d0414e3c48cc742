using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: the <c>val3</c> of FUTEX_WAKE_OP (futex(2)): four fields that say how a word changes and what it must have been.</summary>
/// <param name="Encoded">The word as it was given.</param>
internal readonly record struct FutexWakeOp(uint Encoded)
{
    private const uint Set = 0, Add = 1, Or = 2, AndNot = 3, Xor = 4, ArgumentIsShift = 8;
    private const uint Equal = 0, NotEqual = 1, Less = 2, LessOrEqual = 3, Greater = 4, GreaterOrEqual = 5;

    /// <summary>Changes the word.</summary>
    /// <returns>Whether it was as said; ENOSYS for an operation that is none, EFAULT.</returns>
    internal Result<bool> Apply(UserMemory memory, ulong address)
    {
        var error = memory.LoadWord(address, out var old);
        while (error == Errno.None)
        {
            if (Changed(old) is not { } desired)
                return Errno.ENOSYS;
            var found = old;
            error = memory.CompareExchangeWord(address, ref found, desired);
            if (error == Errno.None && found == old)
                return Holds((int)old) is { } holds ? holds : Errno.ENOSYS;
            old = found;
        }
        return error;
    }

    private uint? Changed(uint old)
    {
        var kind = Encoded >> 28;
        var argument = (uint)((int)(Encoded << 8) >> 20);
        if ((kind & ArgumentIsShift) != 0)
            argument = 1u << (int)(argument & 31);
        return (kind & ~ArgumentIsShift) switch
        {
            Set => argument,
            Add => old + argument,
            Or => old | argument,
            AndNot => old & ~argument,
            Xor => old ^ argument,
            _ => null,
        };
    }

    private bool? Holds(int old)
    {
        var argument = (int)(Encoded << 20) >> 20;
        return ((Encoded >> 24) & 15) switch
        {
            Equal => old == argument,
            NotEqual => old != argument,
            Less => old < argument,
            LessOrEqual => old <= argument,
            Greater => old > argument,
            GreaterOrEqual => old >= argument,
            _ => null,
        };
    }
}
