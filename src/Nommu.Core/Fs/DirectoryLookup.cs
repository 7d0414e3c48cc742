using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>lookup_fast</c> and <c>lookup_slow</c>: first what is remembered, without a lock, then the file system.</summary>
internal static class DirectoryLookup
{
    internal static Result<Dentry> Find(Dentry directory, ReadOnlySpan<byte> name)
    {
        if (directory.Directory is not { } inode)
            return Errno.ENOTDIR;
        if (name.Length > FileName.MaximumLength)
            return Errno.ENAMETOOLONG;
        var known = directory.FindChild(name, FileName.HashOf(name));
        if (known is not null)
            return known;
        lock (inode.NamesLock)
            return FindLocked(directory, new FileName(name));
    }

    /// <summary>The same with the directory's lock held, so that the answer stays true.</summary>
    internal static Result<Dentry> FindLocked(Dentry directory, FileName name)
    {
        var known = directory.FindChild(name.Bytes, name.Hash);
        if (known is not null)
            return known;
        var inode = directory.Directory!;
        var found = inode.Lookup(name);
        if (!found.TryGet(out var child))
            return found.Error;
        return Add(directory, name, child);
    }

    /// <summary>A dentry for a name that is now there. The directory's lock is held.</summary>
    internal static Dentry Add(Dentry directory, FileName name, Inode child)
    {
        var dentry = new Dentry(directory, name, child);
        if (directory.Directory!.CachesNames)
            dentry.Hash();
        return dentry;
    }
}
