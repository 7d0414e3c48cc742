using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>struct sigqueue</c>: a signal in a queue with what it has to say. Guarded by the task table's lock.</summary>
internal sealed class Sigqueue
{
    internal Siginfo Info;

    internal Sigqueue? Next { get; set; }

    /// <summary>Who pays for it.</summary>
    internal SigqueuePayer Payer { get; set; }

    /// <summary>Whom it belongs to for more than one signal; null for most.</summary>
    internal ISigqueueOwner? Owner { get; set; }

    /// <summary>The queue it is in. Kept for those with an owner only.</summary>
    internal PendingSignals? Queue { get; set; }

    /// <summary>It is not needed any more.</summary>
    internal void GiveBack() => Payer.Accounts.GiveBack(this);
}
