using Nommu.Core.Time;

namespace Nommu.Core.Processes;

public sealed partial class GuestProcess
{
    /// <summary>What sends it signals as time goes by. Not inherited. With the task table's lock held.</summary>
    internal ProcessTimers Timers => field ??= new ProcessTimers(this);
}
