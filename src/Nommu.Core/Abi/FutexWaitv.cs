using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct futex_waitv</c> (futex_waitv(2)).</summary>
/// <param name="Value">What the word should be.</param>
/// <param name="Address">The word.</param>
/// <param name="Flags">Its size, and whether it is private.</param>
/// <param name="Reserved">0.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FutexWaitv(ulong Value, ulong Address, uint Flags, uint Reserved)
{
    internal const int Size = 24;

    private const uint FUTEX2_SIZE_U32 = 2, FUTEX2_PRIVATE = 128;

    internal bool IsPrivate => (Flags & FUTEX2_PRIVATE) != 0;

    /// <summary>A word of 32 bits, the only size there is.</summary>
    internal bool IsValid => (Flags & ~FUTEX2_PRIVATE) == FUTEX2_SIZE_U32 && Reserved == 0 && Value <= uint.MaxValue;
}
