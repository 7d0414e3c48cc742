namespace Nommu.Core.Processes;

internal sealed partial class Machine
{
    /// <summary>Who waits for which word of memory.</summary>
    internal FutexTable Futexes { get; } = new();
}
