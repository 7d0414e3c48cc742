using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>do_sigaction</c>.</summary>
internal static class SignalHandling
{
    internal static Sigaction Get(GuestThread thread, Signal signal)
    {
        lock (thread.Process.Tasks.Lock)
            return thread.Process.Handlers[signal];
    }

    /// <summary>What comes to be ignored is no longer pending either (POSIX, signal actions).</summary>
    /// <returns>The action before.</returns>
    internal static Sigaction Set(GuestThread thread, Signal signal, Sigaction action)
    {
        action.Mask &= ~SigSet.Unblockable;
        action.Flags &= SigactionFlags.Known;
        var process = thread.Process;
        lock (process.Tasks.Lock)
        {
            var previous = process.Handlers[signal];
            process.Handlers[signal] = action;
            if (process.Handlers.Ignores(signal))
                SignalGeneration.RemovePending(process, SigSet.Of(signal));
            return previous;
        }
    }
}
