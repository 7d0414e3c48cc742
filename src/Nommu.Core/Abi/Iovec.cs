using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct iovec</c>, as it lies in guest memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Iovec
{
    internal ulong Base;
    internal ulong Length;
}
