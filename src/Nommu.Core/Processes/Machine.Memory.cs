namespace Nommu.Core.Processes;

/// <summary>What happens when there is no memory.</summary>
internal sealed partial class Machine
{
    /// <summary>Linux: mm/oom_kill.c.</summary>
    internal OutOfMemoryKiller OutOfMemory { get; } = new();
}
