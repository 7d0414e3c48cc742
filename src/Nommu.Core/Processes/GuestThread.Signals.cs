using Nommu.Core.Signals;

namespace Nommu.Core.Processes;

/// <summary>What signals need of a thread.</summary>
internal sealed partial class GuestThread
{
    /// <summary>In <see cref="Work"/>: a signal may be there to take, and an interruptible sleep ends. Linux: TIF_SIGPENDING.</summary>
    internal const int WorkSignal = 1;

    /// <summary>In <see cref="Work"/>: the signal mask is to be put back before the guest goes on. Linux: TIF_RESTORE_SIGMASK.</summary>
    internal const int WorkRestoreMask = 2;

    /// <summary>In <see cref="Work"/>: rt_sigreturn found a system call that starts again.</summary>
    internal const int WorkRestartCall = 4;

    /// <summary>Its signals.</summary>
    internal SignalState Signals { get; } = new();

    internal bool IsSignalPending => (Work & WorkSignal) != 0;

    internal void SetWork(int bits) => Interlocked.Or(ref Work, bits);

    internal void ClearWork(int bits) => Interlocked.And(ref Work, ~bits);
}
