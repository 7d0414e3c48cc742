namespace Nommu.Core.Fs;

/// <summary>Programs that run are not written to, and what is being written does not run (ETXTBSY). Linux: <c>i_writecount</c>.</summary>
public abstract partial class FileDescription
{
    private int _writes;
    private int _deniesWriting;

    /// <summary>True while nobody else may open the file for writing, since it is a program (<see cref="TryDenyWriting"/>).</summary>
    internal bool DeniesWriting => Volatile.Read(ref _deniesWriting) != 0;

    /// <summary>Counts it among those that write, until its last reference has gone. Files that a name leads to only: not those of memfd_create(2).</summary>
    /// <returns>False while a program of it runs (ETXTBSY).</returns>
    internal bool TryBeginWriting()
    {
        if (Inode is not RegularInode inode)
            return true;
        if (!inode.WriteCount.TryBeginWriting())
            return false;
        _writes = 1;
        return true;
    }

    /// <summary>Nobody gets to write it before <see cref="AllowWriting"/>, or before the last reference has gone.</summary>
    /// <returns>False while somebody has it open for writing (ETXTBSY).</returns>
    internal bool TryDenyWriting()
    {
        if (!((RegularInode)Inode).WriteCount.TryDenyWriting())
            return false;
        _deniesWriting = 1;
        return true;
    }

    /// <summary>Ends <see cref="TryDenyWriting"/>.</summary>
    internal void AllowWriting()
    {
        if (Interlocked.Exchange(ref _deniesWriting, 0) != 0)
            ((RegularInode)Inode).WriteCount.AllowWriting();
    }

    private void EndWriting()
    {
        if (Interlocked.Exchange(ref _writes, 0) != 0)
            ((RegularInode)Inode).WriteCount.EndWriting();
    }
}
