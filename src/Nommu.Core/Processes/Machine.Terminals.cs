using Nommu.Core.Drivers.Tty;

namespace Nommu.Core.Processes;

internal sealed partial class Machine
{
    /// <summary>The console and all pseudo-terminals; null in a machine that has been put together without.</summary>
    internal TerminalDriver? Terminals { get; init; }
}
