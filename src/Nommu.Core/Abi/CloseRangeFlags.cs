namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of close_range(2).</summary>
[Flags]
internal enum CloseRangeFlags : uint
{
    None = 0,
    CLOSE_RANGE_UNSHARE = 2,
    CLOSE_RANGE_CLOEXEC = 4,
}
