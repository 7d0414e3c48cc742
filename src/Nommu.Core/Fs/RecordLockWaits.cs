namespace Nommu.Core.Fs;

/// <summary>Linux: <c>blocked_hash</c> and <c>posix_locks_deadlock</c>. Which processes sleep for a record lock, all over a kernel, so that no two of them wait for each other.</summary>
/// <remarks>Lock order: this one, then a <see cref="FileLockTable"/>'s. Whom somebody waits for is asked of the tables anew, so that a lock that has been given up in between closes no circle.</remarks>
internal sealed class RecordLockWaits
{
    /// <summary>Linux: MAX_DEADLK_ITERATIONS: a longer chain is taken for none.</summary>
    private const int LongestChain = 10;

    private readonly Lock _lock = new();
    private readonly List<(FileLockTable Table, FileLock Wanted)> _waits = [];

    /// <summary>Notes that somebody is about to sleep for a lock.</summary>
    /// <returns>False where that would be for ever: EDEADLK.</returns>
    internal bool TryAdd(FileLockTable table, in FileLock wanted)
    {
        lock (_lock)
        {
            var holder = table.FindConflict(wanted)?.Owner;
            for (var i = 0; i < LongestChain && holder is not null; i++)
            {
                if (holder == wanted.Owner)
                    return false;
                holder = HolderBefore(holder);
            }
            _waits.Add((table, wanted));
            return true;
        }
    }

    internal void Remove(FileLockTable table, in FileLock wanted)
    {
        lock (_lock)
            _waits.Remove((table, wanted));
    }

    /// <summary>Whom an owner waits for, if it waits.</summary>
    private object? HolderBefore(object owner)
    {
        foreach (var (table, wanted) in _waits)
        {
            if (wanted.Owner == owner && table.FindConflict(wanted) is { } conflict)
                return conflict.Owner;
        }
        return null;
    }
}
