namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of eventfd2(2).</summary>
[Flags]
internal enum EventfdFlags
{
    None = 0,
    EFD_SEMAPHORE = 1,
    EFD_NONBLOCK = 0x800,
    EFD_CLOEXEC = 0x80000,
}
