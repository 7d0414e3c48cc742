using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct timezone</c> (gettimeofday(2)).</summary>
/// <param name="MinutesWest">West of Greenwich.</param>
/// <param name="DstTime">Of no use since 4.3BSD.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Timezone(int MinutesWest, int DstTime);
