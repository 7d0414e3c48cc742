using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct rlimit</c> and <c>struct rlimit64</c> (getrlimit(2)), which are one on x86-64.</summary>
/// <param name="Current">The soft limit.</param>
/// <param name="Maximum">The hard limit.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Rlimit(ulong Current, ulong Maximum)
{
    internal const ulong RLIM_INFINITY = ulong.MaxValue;

    internal static Rlimit Unlimited => new(RLIM_INFINITY, RLIM_INFINITY);
}
