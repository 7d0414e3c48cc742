using Nommu.Core.Time;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>The kernel's clock.</summary>
    internal KernelClock Clock { get; set; } = null!;

    /// <summary>Linux: <c>nvcsw</c>: how often it has gone to sleep.</summary>
    internal long VoluntarySwitches { get; private set; }
}
