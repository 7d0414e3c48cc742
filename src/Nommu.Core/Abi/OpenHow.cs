using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct open_how</c>, 24 bytes (openat2(2)).</summary>
/// <param name="Flags">Of <see cref="OpenFlags"/>; unknown ones are refused here.</param>
/// <param name="Mode">0 unless a file may be created.</param>
/// <param name="Resolve">What the walk may not do.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct OpenHow(ulong Flags, ulong Mode, ResolveFlags Resolve);
