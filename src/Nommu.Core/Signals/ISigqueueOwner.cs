using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>it_sigqueue</c>'s timer: who has one signal in the queue at most, and does not go on before it has been taken.</summary>
internal interface ISigqueueOwner
{
    /// <summary>Linux: <c>posixtimer_deliver_signal</c>. Its signal is being taken. Under the task table's lock.</summary>
    /// <param name="info">What the signal says, to be completed.</param>
    void Taken(ref Siginfo info);
}
