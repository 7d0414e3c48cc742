namespace Nommu.Core.Abi;

/// <summary>Linux: the address families of socket(2) that this kernel has a name for.</summary>
internal enum AddressFamily : ushort
{
    AF_UNSPEC = 0,
    AF_UNIX = 1,

    /// <summary>Linux: no family is at or above it.</summary>
    AF_MAX = 46,
}
