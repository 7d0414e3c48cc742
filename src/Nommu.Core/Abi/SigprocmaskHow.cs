namespace Nommu.Core.Abi;

/// <summary>Linux: what rt_sigprocmask(2) does with the set.</summary>
internal enum SigprocmaskHow
{
    SIG_BLOCK = 0,
    SIG_UNBLOCK = 1,
    SIG_SETMASK = 2,
}
