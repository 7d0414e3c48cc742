using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>stack_t</c> (sigaltstack(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal struct StackT
{
    internal const int SS_ONSTACK = 1, SS_DISABLE = 2;
    internal const int SS_AUTODISARM = 1 << 31;

    internal ulong Pointer;
    internal int Flags;
    internal ulong Size;
}
