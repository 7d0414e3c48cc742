using Nommu.Core.Processes;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>poll_table</c>. Collects the wait queues whose wake-ups may change what a poll call found.</summary>
/// <remarks>Belongs to one waiter and is reused between calls, so that polling allocates nothing in the steady state.</remarks>
public sealed class PollTable
{
    private readonly List<WaitEntry> _entries = [];
    private readonly Waiter _waiter;
    private int _used;

    internal PollTable(Waiter waiter) => _waiter = waiter;

    /// <summary>Hangs the waiter on a queue until the poll call ends. Must be called before the state is looked at.</summary>
    /// <param name="queue">Woken whenever the state changes.</param>
    public void Add(WaitQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (_used == _entries.Count)
            _entries.Add(new WaitEntry(_waiter));
        queue.Add(_entries[_used++]);
    }

    /// <summary>Leaves every queue.</summary>
    internal void Clear()
    {
        while (_used > 0)
            _entries[--_used].Leave();
    }
}
