using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Ipc;

/// <summary>Linux: ipc/sem.c. System V's semaphores: making sets, operating on them, and undoing at the end.</summary>
internal sealed partial class Semaphores(IpcLimits limits)
{
    /// <summary>Of a semaphore, in the machine's memory.</summary>
    private const int Size = 16;

    private readonly Lock _lock = new();
    private readonly IpcTable<SemaphoreSet> _sets = new();
    private int _semaphores;

    /// <summary>SEMOPM.</summary>
    internal int MostOperations => limits.Operations;

    /// <summary>semget(2).</summary>
    /// <returns>The id; ENOENT, EEXIST, EINVAL, EACCES, ENOSPC, ENOMEM.</returns>
    internal Result<int> Get(GuestThread thread, int key, int count, int flags)
    {
        if (count < 0 || count > limits.SetSize)
            return Errno.EINVAL;
        lock (_lock)
        {
            var error = _sets.Look(key, (IpcFlags)flags, out var found);
            if (error != Errno.None)
                return error;
            if (found is null)
                return Create(thread, key, count, flags);
            if (count > found.Values.Length)
                return Errno.EINVAL;
            return found.Allows(thread.Credentials, flags) ? found.Id : Errno.EACCES;
        }
    }

    /// <summary>semop(2) and semtimedop(2).</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="id">A set.</param>
    /// <param name="operations">At least one.</param>
    /// <param name="deadline">Monotonic nanoseconds; -1 for none.</param>
    /// <returns>EINVAL, EFBIG, EACCES, ERANGE, EAGAIN, EIDRM, EINTR.</returns>
    internal Errno Operate(GuestThread thread, int id, ReadOnlySpan<Sembuf> operations, long deadline)
    {
        var (highest, alters, undoes) = Survey(operations);
        SemaphoreWaiter waiter;
        lock (_lock)
        {
            if (_sets.Find(id) is not { } set)
                return Errno.EINVAL;
            if (highest >= set.Values.Length)
                return Errno.EFBIG;
            if (!set.Allows(thread.Credentials, alters ? IpcObject.ToWrite : IpcObject.ToRead))
                return Errno.EACCES;
            var adjustments = undoes ? thread.SemaphoreUndo.For(set) : null;
            var error = set.TryPerform(operations, adjustments, thread.Process.Id, out var stopped);
            if (error == Errno.None)
            {
                if (alters)
                    set.LetThrough();
                set.OperationTime = SystemVIpc.Now(thread.Clock);
            }
            if (error != Errno.EAGAIN || operations[stopped].NeverWaits)
                return error;
            waiter = new SemaphoreWaiter(thread, set, operations.ToArray(), adjustments, alters, stopped);
            set.Waiters.Add(waiter);
        }
        return waiter.Wait(_lock, deadline) switch
        {
            Errno.ETIMEDOUT => Errno.EAGAIN,
            Errno.ERESTARTSYS => Errno.EINTR, // never made again, whatever the handler says (signal(7))
            var result => result,
        };
    }

    /// <summary>Linux: <c>exit_sem</c>. A thread ends; the last of those that share what is to be undone has it undone.</summary>
    internal void Undo(GuestThread thread, SemaphoreUndo undo)
    {
        if (!undo.Leave())
            return;
        lock (_lock)
        {
            foreach (var adjustments in undo.Sets.Values)
            {
                var set = adjustments.Set;
                set.Adjustments.Remove(adjustments);
                Undo(set, adjustments, thread.Process.Id);
                set.LetThrough();
                set.OperationTime = SystemVIpc.Now(thread.Clock);
            }
            undo.Sets.Clear();
        }
    }

    private static void Undo(SemaphoreSet set, SemaphoreAdjustments adjustments, int pid)
    {
        for (var number = 0; number < adjustments.Values.Length; number++)
        {
            if (adjustments.Values[number] == 0)
                continue;
            ref var semaphore = ref set.Values[number];
            // Linux has it so: what would go too far stops at the end.
            semaphore.Value = Math.Clamp(semaphore.Value + adjustments.Values[number], 0, IpcLimits.HighestValue);
            semaphore.Pid = pid;
        }
    }

    private static (int Highest, bool Alters, bool Undoes) Survey(ReadOnlySpan<Sembuf> operations)
    {
        var (highest, alters, undoes) = (0, false, false);
        foreach (var operation in operations)
        {
            highest = Math.Max(highest, operation.Number);
            alters |= operation.Operation != 0;
            undoes |= operation.Undoes;
        }
        return (highest, alters, undoes);
    }

    private Result<int> Create(GuestThread thread, int key, int count, int flags)
    {
        if (count == 0)
            return Errno.EINVAL;
        if (_semaphores + (long)count > limits.Semaphores || _sets.Count >= limits.Sets)
            return Errno.ENOSPC;
        var pages = (long)(Arena.PageUp((ulong)count * Size) / Arena.PageSize);
        if (!thread.Machine.Arena.TryCharge(pages))
            return Errno.ENOMEM;
        var set = new SemaphoreSet(key, flags, thread.Credentials, SystemVIpc.Now(thread.Clock), count) { Pages = pages };
        _sets.Add(set);
        _semaphores += count;
        return set.Id;
    }

    /// <summary>The namespace ends.</summary>
    internal void RemoveAll(Arena arena)
    {
        lock (_lock)
        {
            foreach (var set in _sets.ToArray())
                Destroy(set, arena);
        }
    }

    private void Destroy(SemaphoreSet set, Arena arena)
    {
        _sets.Remove(set);
        _semaphores -= set.Values.Length;
        arena.Uncharge(set.Pages);
        foreach (var adjustments in set.Adjustments)
            adjustments.Owner.Sets.Remove(set);
        set.Adjustments.Clear();
        foreach (var waiter in set.Waiters)
            waiter.Finish(Errno.EIDRM);
        set.Waiters.Clear();
    }
}
