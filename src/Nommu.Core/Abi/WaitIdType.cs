namespace Nommu.Core.Abi;

/// <summary>Linux: whom waitid(2) waits for.</summary>
internal enum WaitIdType
{
    P_ALL = 0,
    P_PID = 1,
    P_PGID = 2,
    P_PIDFD = 3,
}
