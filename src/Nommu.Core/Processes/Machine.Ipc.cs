using Nommu.Core.Ipc;

namespace Nommu.Core.Processes;

internal sealed partial class Machine
{
    /// <summary>System V's shared memory, semaphores and message queues.</summary>
    internal SystemVIpc Ipc { get; } = new();
}
