namespace Nommu.Core.Fs;

/// <summary>Linux: <c>i_writecount</c>. Those who have a file open for writing, or those who do not let it be written since it runs; never both.</summary>
internal struct WriteCount
{
    private int _count;

    /// <summary>Linux: <c>get_write_access</c>.</summary>
    /// <returns>False while a program of the file runs (ETXTBSY).</returns>
    internal bool TryBeginWriting() => TryMove(1);

    /// <summary>Linux: <c>put_write_access</c>.</summary>
    internal void EndWriting() => Interlocked.Decrement(ref _count);

    /// <summary>Linux: <c>deny_write_access</c>.</summary>
    /// <returns>False while somebody has the file open for writing (ETXTBSY).</returns>
    internal bool TryDenyWriting() => TryMove(-1);

    /// <summary>Linux: <c>allow_write_access</c>.</summary>
    internal void AllowWriting() => Interlocked.Increment(ref _count);

    private bool TryMove(int step)
    {
        int old;
        do
        {
            old = Volatile.Read(ref _count);
            if (old * step < 0)
                return false;
        }
        while (Interlocked.CompareExchange(ref _count, old + step, old) != old);
        return true;
    }
}
