namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of splice(2), tee(2) and vmsplice(2).</summary>
[Flags]
internal enum SpliceFlags : uint
{
    None = 0,
    SPLICE_F_MOVE = 1,
    SPLICE_F_NONBLOCK = 2,
    SPLICE_F_MORE = 4,
    SPLICE_F_GIFT = 8,
}
