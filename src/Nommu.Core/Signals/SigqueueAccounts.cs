using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Signals;

/// <summary>Linux: UCOUNT_RLIMIT_SIGPENDING with the cache of <c>struct sigqueue</c>: how many signals are queued for each user, in all its processes. One per kernel, guarded by the task table's lock.</summary>
internal sealed class SigqueueAccounts
{
    /// <summary>How many used ones are kept for the next signals.</summary>
    private const int MostKept = 256;

    private readonly Dictionary<uint, ulong> _queued = [];
    private Sigqueue? _free;
    private int _freeCount;

    /// <summary>How many are queued for a user ("SigQ" in /proc/PID/status).</summary>
    internal ulong Count(uint uid) => _queued.GetValueOrDefault(uid);

    /// <summary>Linux: <c>sigqueue_alloc</c>.</summary>
    /// <param name="info">The signal.</param>
    /// <param name="payer">Who gets it.</param>
    /// <param name="mustQueue">Beyond the limit too.</param>
    /// <returns>Null where there are too many.</returns>
    internal Sigqueue? Take(in Siginfo info, SigqueuePayer payer, bool mustQueue)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_queued, payer.Uid, out _);
        if (!mustQueue && count >= payer.Limit)
        {
            if (count == 0)
                _queued.Remove(payer.Uid);
            return null;
        }
        count++;
        var taken = _free ?? new Sigqueue();
        if (_free is not null)
        {
            _free = taken.Next;
            _freeCount--;
        }
        (taken.Info, taken.Payer, taken.Next) = (info, payer, null);
        return taken;
    }

    /// <summary>It has been delivered or thrown away.</summary>
    internal void GiveBack(Sigqueue used)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_queued, used.Payer.Uid, out _);
        if (--count == 0)
            _queued.Remove(used.Payer.Uid);
        if (_freeCount == MostKept)
            return;
        used.Owner = null;
        used.Next = _free;
        _free = used;
        _freeCount++;
    }
}
