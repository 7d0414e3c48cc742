namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of msync(2).</summary>
[Flags]
internal enum MsyncFlags
{
    None = 0,
    MS_ASYNC = 1,
    MS_INVALIDATE = 2,
    MS_SYNC = 4,
}
