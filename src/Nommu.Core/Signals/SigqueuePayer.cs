using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>struct ucounts</c> of who gets a signal, with its RLIMIT_SIGPENDING.</summary>
/// <param name="Accounts">The kernel's.</param>
/// <param name="Uid">A real user id.</param>
/// <param name="Limit">How many signals may be queued for that user.</param>
internal readonly record struct SigqueuePayer(SigqueueAccounts Accounts, uint Uid, ulong Limit)
{
    /// <summary>For a signal to a thread, or to its process.</summary>
    internal static SigqueuePayer Of(GuestProcess process, GuestThread? thread) =>
        new(process.Tasks.QueuedSignals, (thread?.Credentials ?? process.MainCredentials)?.Uid ?? 0, process.Limits[ResourceLimit.RLIMIT_SIGPENDING].Current);

    /// <summary>Null where there are too many.</summary>
    internal Sigqueue? Take(in Siginfo info, bool mustQueue) => Accounts.Take(info, this, mustQueue);
}
