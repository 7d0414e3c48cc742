using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: the kernel's <c>struct sigaction</c> of x86-64, as rt_sigaction(2) takes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Sigaction
{
    internal const ulong SIG_DFL = 0, SIG_IGN = 1;

    internal ulong Handler;
    internal SigactionFlags Flags;
    internal ulong Restorer;
    internal SigSet Mask;
}

/// <summary>Linux: <c>sa_flags</c> (sigaction(2)).</summary>
[Flags]
internal enum SigactionFlags : ulong
{
    SA_NOCLDSTOP = 1,
    SA_NOCLDWAIT = 2,
    SA_SIGINFO = 4,
    SA_UNSUPPORTED = 0x400,
    SA_EXPOSE_TAGBITS = 0x800,
    SA_RESTORER = 0x04000000,
    SA_ONSTACK = 0x08000000,
    SA_RESTART = 0x10000000,
    SA_NODEFER = 0x40000000,
    SA_RESETHAND = 0x80000000,

    /// <summary>What Linux on x86-64 keeps of what it is given; unknown bits are cleared so that programs can probe.</summary>
    Known = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND,
}
