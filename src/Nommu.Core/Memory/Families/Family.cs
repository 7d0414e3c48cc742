namespace Nommu.Core.Memory.Families;

/// <summary>
/// Processes that came to be by fork(2) from one another and have executed no other program since: they have the same addresses, and there is but one set of addresses, so one of them at a time has its pages there and runs.
/// Linux has no counterpart; the nearest is how a processor has one page table at a time.
/// </summary>
/// <remarks>
/// Lock order: an <see cref="AddressSpace"/>'s lock, a file's locks, then <see cref="Lock"/>, then the arena's. Whoever switches holds only the last two, and may take a file's: nobody runs in the family then who could hold one.
/// </remarks>
internal sealed partial class Family : IDisposable
{
    private readonly Func<TimerCallback, object, ITimer> _createTimer;
    private int _members = 1;

    /// <param name="arena">Where all its memory lies.</param>
    /// <param name="first">Who is about to fork; its turn it is.</param>
    /// <param name="createTimer">Makes timers of the host's own time.</param>
    internal Family(Arena arena, AddressSpace first, Func<TimerCallback, object, ITimer> createTimer)
    {
        (Arena, _current, _createTimer) = (arena, first, createTimer);
        Store = new StoredPages(arena);
    }

    internal Lock Lock { get; } = new();

    internal Arena Arena { get; }

    internal StoredPages Store { get; }

    /// <summary>A child has been forked.</summary>
    internal void Add() => _members++;

    /// <summary>A member is gone.</summary>
    internal void Remove(AddressSpace member)
    {
        if (_current == member)
            _current = null;
        if (--_members == 0)
            Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        Store.Dispose();
    }
}
