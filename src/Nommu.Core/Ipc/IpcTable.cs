using Nommu.Core.Abi;

namespace Nommu.Core.Ipc;

/// <summary>Of <see cref="IpcTable{T}"/>, whatever it holds.</summary>
internal static class IpcTableLimits
{
    /// <summary>Linux: IPCMNI_SHIFT.</summary>
    internal const int IndexBits = 15;

    /// <summary>Linux: IPCMNI.</summary>
    internal const int Most = 1 << IndexBits;
}

/// <summary>Linux: <c>struct ipc_ids</c>: the objects of one kind, by id and by key. Guarded by the owner's lock.</summary>
/// <remarks>Numbers are given out in a circle, and each round has a sequence number of its own in the id's upper bits, so that an id that is gone does not soon mean something else.</remarks>
internal sealed class IpcTable<T> where T : IpcObject
{
    private const int ShortestRound = 64;
    private const int MostRounds = int.MaxValue >> IpcTableLimits.IndexBits;

    private readonly Dictionary<int, T> _byKey = [];
    private T?[] _slots = new T?[ShortestRound];
    private int _next;
    private int _last = -1;
    private int _round;

    internal int Count { get; private set; }

    /// <summary>The highest place in use; 0 where there is none.</summary>
    internal int HighestIndex
    {
        get
        {
            var index = _slots.Length - 1;
            while (index > 0 && _slots[index] is null)
                index--;
            return index;
        }
    }

    /// <summary>All, as a copy.</summary>
    internal T[] ToArray() => [.. _slots.OfType<T>()];

    /// <summary>What has an id; null where nothing has.</summary>
    internal T? Find(int id) => id >= 0 && At(id & (IpcTableLimits.Most - 1)) is { } found && found.Id == id ? found : null;

    /// <summary>What stands in a place.</summary>
    internal T? At(int index) => (uint)index < (uint)_slots.Length ? _slots[index] : null;

    /// <summary>Linux: <c>ipcget</c> up to the making: what a key means.</summary>
    /// <param name="key">Any key.</param>
    /// <param name="flags">May hold IPC_CREAT and IPC_EXCL.</param>
    /// <param name="found">What there is; null where a new one is to be made.</param>
    /// <returns>ENOENT, EEXIST.</returns>
    internal Errno Look(int key, IpcFlags flags, out T? found)
    {
        found = null;
        if (key == (int)IpcKey.IPC_PRIVATE)
            return Errno.None;
        if (!_byKey.TryGetValue(key, out found))
            return (flags & IpcFlags.IPC_CREAT) != 0 ? Errno.None : Errno.ENOENT;
        return (flags & (IpcFlags.IPC_CREAT | IpcFlags.IPC_EXCL)) == (IpcFlags.IPC_CREAT | IpcFlags.IPC_EXCL) ? Errno.EEXIST : Errno.None;
    }

    /// <summary>Puts a new one in and gives it its id. The caller has seen that there is room.</summary>
    internal void Add(T item)
    {
        var end = Math.Min(Math.Max(Count * 3 / 2, ShortestRound), IpcTableLimits.Most);
        if (end > _slots.Length)
            Array.Resize(ref _slots, Math.Min(_slots.Length * 2, IpcTableLimits.Most));
        var index = Free(_next, end);
        if (index < 0)
            index = Free(0, end);
        _next = index + 1;
        if (index <= _last)
            _round = _round == MostRounds ? 0 : _round + 1;
        _last = index;
        item.Id = (_round << IpcTableLimits.IndexBits) | index;
        _slots[index] = item;
        Count++;
        if (item.Key != (int)IpcKey.IPC_PRIVATE)
            _byKey.Add(item.Key, item);
    }

    internal void Remove(T item)
    {
        ForgetKey(item);
        _slots[item.Id & (IpcTableLimits.Most - 1)] = null;
        Count--;
        item.IsRemoved = true;
    }

    /// <summary>Linux: <c>ipc_set_key_private</c>: found by its id alone from now on.</summary>
    internal void ForgetKey(T item)
    {
        if (item.Key != (int)IpcKey.IPC_PRIVATE)
            _byKey.Remove(item.Key);
        item.Key = (int)IpcKey.IPC_PRIVATE;
    }

    private int Free(int start, int end)
    {
        for (var index = start; index < end; index++)
        {
            if (_slots[index] is null)
                return index;
        }
        return -1;
    }
}
