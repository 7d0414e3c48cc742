namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of mlockall(2).</summary>
[Flags]
internal enum MlockallFlags
{
    None = 0,
    MCL_CURRENT = 1,
    MCL_FUTURE = 2,
    MCL_ONFAULT = 4,
}
