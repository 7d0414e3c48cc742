namespace Nommu.Core.Rewriter;

/// <summary>Products by some key: a cache of bounded weight that forgets what was not used for longest, and makes each value once even where several threads ask at a time.</summary>
/// <remarks>The lock is a leaf; values are made outside it.</remarks>
internal sealed class BoundedCache<TKey>(long capacity)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _recent = new();
    private long _weight;

    internal int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    internal RewrittenImage GetOrAdd(TKey key, Func<RewrittenImage> make)
    {
        Entry entry;
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node))
            {
                _recent.Remove(node);
                _recent.AddFirst(node);
            }
            else
            {
                node = _recent.AddFirst(new Entry(key, new Lazy<RewrittenImage>(make)));
                _entries.Add(key, node);
            }
            entry = node.Value;
        }
        try
        {
            var value = entry.Value.Value;
            Account(entry, value.Weight);
            return value;
        }
        catch
        {
            // A host's strategy threw: the next who asks tries again.
            Remove(key);
            throw;
        }
    }

    /// <summary>What is at hand, without making it.</summary>
    internal RewrittenImage? Peek(TKey key)
    {
        lock (_lock)
            return _entries.TryGetValue(key, out var node) && node.Value.Value.IsValueCreated ? node.Value.Value.Value : null;
    }

    internal void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_entries.Remove(key, out var node))
                Forget(node);
        }
    }

    private void Account(Entry entry, long weight)
    {
        lock (_lock)
        {
            if (entry.Weight != 0 || entry.IsForgotten)
                return;
            entry.Weight = weight;
            _weight += weight;
            // The newest stays even where it alone is too much: it is about to be used.
            while (_weight > capacity && _recent.Last is { } last && last.Value != entry)
            {
                _entries.Remove(last.Value.Key);
                Forget(last);
            }
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _recent.Remove(node);
        node.Value.IsForgotten = true;
        _weight -= node.Value.Weight;
    }

    private sealed class Entry(TKey key, Lazy<RewrittenImage> value)
    {
        internal TKey Key { get; } = key;

        internal Lazy<RewrittenImage> Value { get; } = value;

        internal long Weight { get; set; }

        internal bool IsForgotten { get; set; }
    }
}
