using System.Numerics;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>sigset_t</c> as the kernel has it, 64 bits with signal n at bit n-1.</summary>
/// <param name="Bits">The bits.</param>
internal readonly record struct SigSet(ulong Bits)
{
    internal const int Count = 64;

    /// <summary>SIGKILL and SIGSTOP: never blocked, caught or ignored.</summary>
    internal static SigSet Unblockable => Of(Signal.SIGKILL) | Of(Signal.SIGSTOP);

    /// <summary>Stop by default action.</summary>
    internal static SigSet Stopping => Of(Signal.SIGSTOP) | Of(Signal.SIGTSTP) | Of(Signal.SIGTTIN) | Of(Signal.SIGTTOU);

    /// <summary>Nothing by default action.</summary>
    internal static SigSet IgnoredByDefault => Of(Signal.SIGCONT) | Of(Signal.SIGCHLD) | Of(Signal.SIGWINCH) | Of(Signal.SIGURG);

    /// <summary>End with a memory image by default action (signal(7)).</summary>
    internal static SigSet CoreDumping => Of(Signal.SIGQUIT) | Of(Signal.SIGABRT) | Of(Signal.SIGXCPU) | Of(Signal.SIGXFSZ) | Synchronous;

    /// <summary>What the processor raises; delivered before others.</summary>
    internal static SigSet Synchronous =>
        Of(Signal.SIGSEGV) | Of(Signal.SIGBUS) | Of(Signal.SIGILL) | Of(Signal.SIGTRAP) | Of(Signal.SIGFPE) | Of(Signal.SIGSYS);

    internal bool IsEmpty => Bits == 0;

    /// <summary>The lowest member; <see cref="Signal.None"/> for an empty set.</summary>
    internal Signal Lowest => Bits == 0 ? Signal.None : (Signal)(BitOperations.TrailingZeroCount(Bits) + 1);

    internal static SigSet Of(Signal signal) => new(1UL << ((int)signal - 1));

    internal bool Contains(Signal signal) => (Bits & (1UL << ((int)signal - 1))) != 0;

    public static SigSet operator |(SigSet left, SigSet right) => new(left.Bits | right.Bits);

    public static SigSet operator &(SigSet left, SigSet right) => new(left.Bits & right.Bits);

    public static SigSet operator ~(SigSet set) => new(~set.Bits);
}
