using Nommu.Core.Execution;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>Why the run loop should look before it enters the guest.</summary>
    internal volatile int Work;

    internal int Id { get; set; }

    internal GuestProcess Process { get; set; } = null!;

    internal GuestCpu Cpu { get; set; } = null!;

    /// <summary>Makes the thread look at <see cref="Work"/> soon, running or asleep.</summary>
    internal void Interrupt()
    {
        SetWork(WorkSignal);
        Wake();
    }
}
