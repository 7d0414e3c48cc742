namespace Nommu.Core.Abi;

/// <summary>Linux: the flags of signalfd4(2).</summary>
[Flags]
internal enum SignalfdFlags
{
    None = 0,
    SFD_NONBLOCK = 0x800,
    SFD_CLOEXEC = 0x80000,
}
