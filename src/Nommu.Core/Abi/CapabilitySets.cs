using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct __user_cap_header_struct</c> (capget(2)).</summary>
/// <param name="Version">One of the three constants; the kernel answers the third for any other.</param>
/// <param name="Pid">Whose capabilities; 0 for the caller's.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CapabilityHeader(uint Version, int Pid)
{
    internal const uint _LINUX_CAPABILITY_VERSION_1 = 0x19980330, _LINUX_CAPABILITY_VERSION_2 = 0x20071026, _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
}

/// <summary>Linux: <c>struct __user_cap_data_struct</c> (capget(2)): 32 capabilities; versions 2 and 3 have two of them.</summary>
/// <param name="Effective">Those in force.</param>
/// <param name="Permitted">Those that may be put in force.</param>
/// <param name="Inheritable">Those kept by execve.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CapabilityData(uint Effective, uint Permitted, uint Inheritable);
