namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of getrandom(2).</summary>
[Flags]
internal enum GetrandomFlags : uint
{
    None = 0,
    GRND_NONBLOCK = 1,
    GRND_RANDOM = 2,
    GRND_INSECURE = 4,
}
