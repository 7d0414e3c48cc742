using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct sem</c>.</summary>
internal struct SemaphoreValue
{
    internal int Value { get; set; }

    /// <summary>Who has last operated on it.</summary>
    internal int Pid { get; set; }
}

/// <summary>Linux: <c>struct sem_array</c>. Differs: one queue holds all who wait, whether for one semaphore or for several.</summary>
internal sealed class SemaphoreSet(int key, int mode, Credentials creator, long now, int count) : IpcObject(key, mode, creator, now)
{
    private readonly SemaphoreValue[] _values = new SemaphoreValue[count];

    internal Span<SemaphoreValue> Values => _values;

    /// <summary>Pages of the machine's memory that it is charged with.</summary>
    internal required long Pages { get; init; }

    internal long OperationTime { get; set; }

    /// <summary>In the order in which they came.</summary>
    internal List<SemaphoreWaiter> Waiters { get; } = [];

    /// <summary>What ending threads will undo.</summary>
    internal List<SemaphoreAdjustments> Adjustments { get; } = [];

    internal SemidDs Status => new() { Perm = Perm, OperationTime = OperationTime, ChangeTime = ChangeTime, Count = (ulong)_values.Length };

    /// <summary>Linux: <c>perform_atomic_semop</c>. All operations, or none.</summary>
    /// <param name="operations">On semaphores that exist.</param>
    /// <param name="adjustments">Where there is SEM_UNDO.</param>
    /// <param name="pid">Whose operations they are.</param>
    /// <param name="stopped">Which operation can't be done.</param>
    /// <returns>EAGAIN where it would have to wait, ERANGE.</returns>
    internal Errno TryPerform(ReadOnlySpan<Sembuf> operations, SemaphoreAdjustments? adjustments, int pid, out int stopped)
    {
        var error = Errno.None;
        for (stopped = 0; stopped < operations.Length; stopped++)
        {
            error = Perform(operations[stopped], adjustments);
            if (error != Errno.None)
                break;
        }
        if (error == Errno.None)
        {
            foreach (var operation in operations)
                _values[operation.Number].Pid = pid;
            return Errno.None;
        }
        for (var back = stopped - 1; back >= 0; back--)
        {
            var operation = operations[back];
            _values[operation.Number].Value -= operation.Operation;
            if (operation.Undoes)
                adjustments!.Values[operation.Number] += operation.Operation;
        }
        return error;
    }

    /// <summary>Linux: <c>do_smart_update</c>. Lets those through who can go on now: first who waits for zero and changes nothing, then one who changes something, and again.</summary>
    /// <returns>True where anybody went on.</returns>
    internal bool LetThrough()
    {
        var any = false;
        bool changed;
        do
        {
            changed = false;
            any |= LetThrough(altering: false);
            if (LetThrough(altering: true))
                any = changed = true;
        }
        while (changed);
        return any;
    }

    /// <summary>Linux: <c>count_semcnt</c>. How many wait for a semaphore to become zero, or to grow.</summary>
    internal int CountWaiters(int number, bool forZero)
    {
        var count = 0;
        foreach (var waiter in Waiters)
        {
            var operation = waiter.Operations[waiter.Stopped];
            if (operation.Number == number && operation.Operation == 0 == forZero)
                count++;
        }
        return count;
    }

    /// <summary>SETVAL and SETALL: what was to be undone there is not any more.</summary>
    internal void Assign(int number, int value, int pid)
    {
        _values[number] = new() { Value = value, Pid = pid };
        foreach (var adjustments in Adjustments)
            adjustments.Values[number] = 0;
    }

    /// <returns>True where one who changes something went on, or all who could and change nothing have.</returns>
    private bool LetThrough(bool altering)
    {
        var any = false;
        for (var i = 0; i < Waiters.Count; i++)
        {
            var waiter = Waiters[i];
            if (waiter.Alters != altering)
                continue;
            var error = TryPerform(waiter.Operations, waiter.Adjustments, waiter.Thread.Process.Id, out var stopped);
            if (error == Errno.EAGAIN && !waiter.Operations[stopped].NeverWaits)
            {
                waiter.Stopped = stopped;
                continue;
            }
            Waiters.RemoveAt(i--);
            waiter.Finish(error);
            any |= error == Errno.None;
            if (any && altering)
                break;
        }
        return any;
    }

    private Errno Perform(Sembuf operation, SemaphoreAdjustments? adjustments)
    {
        ref var semaphore = ref _values[operation.Number];
        if (operation.Operation == 0)
            return semaphore.Value == 0 ? Errno.None : Errno.EAGAIN;
        var value = semaphore.Value + operation.Operation;
        if (value is < 0 or > IpcLimits.HighestValue)
            return value < 0 ? Errno.EAGAIN : Errno.ERANGE;
        if (operation.Undoes)
        {
            var undo = adjustments!.Values[operation.Number] - operation.Operation;
            if (undo is < -IpcLimits.HighestValue - 1 or > IpcLimits.HighestValue)
                return Errno.ERANGE;
            adjustments.Values[operation.Number] = (short)undo;
        }
        semaphore.Value = value;
        return Errno.None;
    }
}

/// <summary>Linux: <c>struct sem_queue</c>. Operations that wait to be performed.</summary>
internal sealed class SemaphoreWaiter(GuestThread thread, SemaphoreSet set, Sembuf[] operations, SemaphoreAdjustments? adjustments, bool alters, int stopped) : IpcWaiter(thread)
{
    internal Sembuf[] Operations => operations;

    internal SemaphoreAdjustments? Adjustments => adjustments;

    /// <summary>One of them is more than a wait for zero.</summary>
    internal bool Alters => alters;

    /// <summary>Which of them could not be done last time.</summary>
    internal int Stopped { get; set; } = stopped;

    /// <inheritdoc/>
    protected override void Leave() => set.Waiters.Remove(this);
}
