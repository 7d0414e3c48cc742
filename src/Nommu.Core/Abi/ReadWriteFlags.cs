namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of preadv2(2).</summary>
[Flags]
internal enum ReadWriteFlags
{
    None = 0,
    RWF_HIPRI = 1,
    RWF_DSYNC = 2,
    RWF_SYNC = 4,
    RWF_NOWAIT = 8,
    RWF_APPEND = 0x10,
}
