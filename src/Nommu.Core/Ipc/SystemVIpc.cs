using Nommu.Core.Abi;
using Nommu.Core.Processes;
using Nommu.Core.Time;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct ipc_namespace</c>. System V's shared memory, semaphores and message queues (sysvipc(7)).</summary>
/// <remarks>
/// Each kind has one lock for all it holds. Lock order: an address space's lock, then this folder's, then a file's. Under them threads are woken and memory is charged.
/// What others wait for is done by whoever makes it possible: it changes the object in the waiter's name and wakes it (<see cref="IpcWaiter"/>), so that waiters come in the order in which they came.
/// </remarks>
internal sealed class SystemVIpc : Namespace
{
    private readonly Machine? _machine;

    /// <param name="number">Which namespace it is.</param>
    /// <param name="machine">Null for the first, which never ends.</param>
    internal SystemVIpc(uint number = FirstIpc, Machine? machine = null) : base(number)
    {
        _machine = machine;
        SharedMemory = new(Limits);
        Semaphores = new(Limits);
        MessageQueues = new(Limits);
    }

    internal override string Kind => "ipc";

    internal override CloneFlags Flag => CloneFlags.CLONE_NEWIPC;

    internal IpcLimits Limits { get; } = new();

    internal SharedMemory SharedMemory { get; }

    internal Semaphores Semaphores { get; }

    internal MessageQueues MessageQueues { get; }

    /// <summary>Linux: <c>free_ipc_ns</c>: what is there goes; nobody can wait for any of it any more.</summary>
    protected override void End()
    {
        SharedMemory.RemoveAll(_machine!);
        Semaphores.RemoveAll(_machine!.Arena);
        MessageQueues.RemoveAll(_machine.Arena);
    }

    /// <summary>Linux: <c>ktime_get_real_seconds</c>.</summary>
    internal static long Now(KernelClock clock) => clock.RealtimeNanoseconds / KernelClock.NanosecondsPerSecond;
}
