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
            StopOthers(Space);
            return Space.Fork(Cpu.Registers.Rsp);
        }
        finally
        {
            family.EndAlone();
        }
    }

    /// <summary>New memory gets the fixed addresses in turn with the program that has them, and its turn begins.</summary>
    private bool JoinFixed(AddressSpace newcomer)
    {
        if (FindFixed() is not { } holder)
            return false;
        var turn = Host!.Turn;
        try
        {
            var family = holder.Found(Machine.HostThreads.Timers.Create);
            turn.Take(holder);
            family.BeginAlone(turn, holder);
            try
            {
                StopOthers(holder);
                if (!holder.HasFixed)
                    return false; // it has gone meanwhile
                holder.ShareFixed(newcomer);
            }
            finally
            {
                family.EndAlone();
            }
            turn.Take(newcomer);
            return true;
        }
        finally
        {
            holder.Release();
        }
    }

    /// <summary>Memory that has fixed addresses, held for the caller.</summary>
    private AddressSpace? FindFixed()
    {
        lock (Process.Tasks.Lock)
        {
            foreach (var process in Process.Tasks.Processes)
            {
                foreach (var thread in process.Threads)
                {
                    if (thread.Space is { HasFixed: true } space && space.TryRetain())
                        return space;
                }
            }
            return null;
        }
    }

    /// <summary>Others with this memory may be running since before it had a family: waits until each of them sleeps, or waits for its turn, which it does not get now.</summary>
    private void StopOthers(AddressSpace space)
    {
        if (!space.IsSharedByTasks && space == Space)
            return;
        var stopped = new HashSet<GuestThread>();
        var wait = default(SpinWait);
        while (true)
        {
            var others = Others(space);
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

    private List<GuestThread> Others(AddressSpace space)
    {
        var result = new List<GuestThread>();
        lock (Process.Tasks.Lock)
        {
            foreach (var process in Process.Tasks.Processes)
            {
                foreach (var thread in process.Threads)
                {
                    if (thread != this && thread.Space == space)
                        result.Add(thread);
                }
            }
        }
        return result;
    }
}
