using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Memory.Families;

namespace Nommu.Core.Processes;

/// <summary>fork(2): a child with memory of its own. Linux: <c>copy_mm</c>.</summary>
internal sealed partial class GuestThread
{
    /// <summary>The child's memory, with a reference: the same, or a copy.</summary>
    private Result<AddressSpace> CloneMemory(in CloneRequest request)
    {
        if (request.Has(CloneFlags.CLONE_VM))
            return Space.Retain();
        var turn = Host!.Turn;
        var family = Space.Found(Machine.HostThreads.Timers.Create);
        if (!turn.IsFor(Space))
            turn.Take(Space);
        family.BeginAlone(turn, Space);
        try
        {
            if (Space.IsSharedByTasks)
                StopOthers();
            return Space.Fork(Cpu.Registers.Rsp);
        }
        finally
        {
            family.EndAlone();
        }
    }

    /// <summary>Others with this memory may be running since before it had a family: waits until each of them sleeps, or waits for its turn, which it does not get now.</summary>
    private void StopOthers()
    {
        var stopped = new HashSet<GuestThread>();
        var wait = default(SpinWait);
        while (true)
        {
            var others = Others();
            if (stopped.SetEquals(others))
                return;
            stopped.Clear();
            foreach (var other in others)
            {
                if (other.IsStoppedFor(Host!.Turn))
                    stopped.Add(other);
            }
            wait.SpinOnce();
        }
    }

    /// <summary>With a barrier between a family's beginning and the look at who sleeps (<see cref="Sleep"/>).</summary>
    private bool IsStoppedFor(FamilyTurn caller)
    {
        if (VforkChild is not null || Host is not { } host || host.Turn == caller || host.Turn.IsWaiting)
            return true;
        Interlocked.MemoryBarrierProcessWide();
        if (IsAsleep)
            return true;
        host.Cpu.Kick();
        return false;
    }

    private List<GuestThread> Others()
    {
        var result = new List<GuestThread>();
        lock (Process.Tasks.Lock)
        {
            foreach (var process in Process.Tasks.Processes)
            {
                foreach (var thread in process.Threads)
                {
                    if (thread != this && thread.Space == Space)
                        result.Add(thread);
                }
            }
        }
        return result;
    }
}
