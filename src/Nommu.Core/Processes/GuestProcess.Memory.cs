using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>What a process's memory has to do with its threads.</summary>
public sealed partial class GuestProcess
{
    /// <summary>Something became executable that may use wide vector registers: from now on calls keep them, in every thread that shares the memory. Nobody has run it yet.</summary>
    internal void SaveAllVectors(AddressSpace space)
    {
        lock (_tasks.Lock)
        {
            foreach (var process in _tasks.Processes)
            {
                foreach (var thread in process.Threads)
                {
                    if (thread.Space == space && thread.Host is { } host)
                        host.Cpu.Context.SaveAllVectors = 1;
                }
            }
        }
    }
}
