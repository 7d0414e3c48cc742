using Nommu.Core.Time;

namespace Nommu.Core.Processes;

internal sealed partial class GuestThread
{
    /// <summary>The kernel's clock.</summary>
    internal KernelClock Clock { get; set; } = null!;
}
