namespace Nommu.Core.Memory;

/// <summary>Linux: <c>vm_committed_as</c> and the count of shmem's pages. What the guests of a machine have in use of its memory (<c>mem=</c>), be it theirs or a file's, in pages.</summary>
/// <param name="limit">How many there are.</param>
internal sealed class MemoryAccount(long limit)
{
    private long _used;
    private long _files;

    internal long Limit => limit;

    /// <summary>All that are in use.</summary>
    internal long Used => Volatile.Read(ref _used);

    /// <summary>Those that hold the contents of files.</summary>
    internal long Files => Volatile.Read(ref _files);

    /// <summary>Those that processes have for themselves.</summary>
    internal long Anonymous => Used - Files;

    /// <summary>Linux: <c>__vm_enough_memory</c>. Counts pages as in use before they are.</summary>
    /// <returns>False when that is more than there is: ENOMEM.</returns>
    internal bool TryCharge(long pages)
    {
        // Never more than there is, not even for a moment: others would be refused what there is.
        long old;
        do
        {
            old = Used;
            if (pages > limit - old)
                return false;
        }
        while (Interlocked.CompareExchange(ref _used, old + pages, old) != old);
        return true;
    }

    /// <summary>Counts pages that are used whether there are any or not: who next asks for some is refused.</summary>
    internal void Charge(long pages) => Interlocked.Add(ref _used, pages);

    internal void Uncharge(long pages) => Interlocked.Add(ref _used, -pages);

    /// <summary>Counts pages of files, as many as there are.</summary>
    /// <returns>How many: fewer than wanted, or none.</returns>
    internal int ChargeFiles(int pages)
    {
        long old;
        do
        {
            old = Used;
            pages = (int)Math.Clamp(limit - old, 0, pages);
        }
        while (Interlocked.CompareExchange(ref _used, old + pages, old) != old);
        Interlocked.Add(ref _files, pages);
        return pages;
    }

    internal void UnchargeFiles(int pages)
    {
        Interlocked.Add(ref _files, -pages);
        Interlocked.Add(ref _used, -pages);
    }
}
