namespace Nommu.Core.Ipc;

/// <summary>Linux: <c>struct sem_undo</c>. What is added to a set's semaphores when the last thread of an undo list ends. Guarded by the lock of the semaphores.</summary>
internal sealed class SemaphoreAdjustments(SemaphoreUndo owner, SemaphoreSet set)
{
    internal SemaphoreUndo Owner => owner;

    internal SemaphoreSet Set => set;

    internal short[] Values { get; } = new short[set.Values.Length];
}

/// <summary>Linux: <c>struct sem_undo_list</c>. What SEM_UNDO has noted of a thread, or of those that share it by CLONE_SYSVSEM.</summary>
internal sealed class SemaphoreUndo
{
    private int _users = 1;

    /// <summary>Guarded by the lock of the semaphores.</summary>
    internal Dictionary<SemaphoreSet, SemaphoreAdjustments> Sets { get; } = [];

    /// <summary>For a thread that shares it.</summary>
    internal SemaphoreUndo Share()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>One user less.</summary>
    /// <returns>True where it was the last.</returns>
    internal bool Leave() => Interlocked.Decrement(ref _users) == 0;

    /// <summary>Linux: <c>find_alloc_undo</c>.</summary>
    internal SemaphoreAdjustments For(SemaphoreSet set)
    {
        if (Sets.TryGetValue(set, out var adjustments))
            return adjustments;
        adjustments = new SemaphoreAdjustments(this, set);
        Sets.Add(set, adjustments);
        set.Adjustments.Add(adjustments);
        return adjustments;
    }
}
