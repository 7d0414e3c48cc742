using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct simple_xattrs</c>. Extended attributes of one inode, in memory.</summary>
internal sealed class XattrTable
{
    private readonly Lock _lock = new();
    private Dictionary<FileName, byte[]>? _values;

    internal Result<byte[]> Get(FileName name)
    {
        if (Volatile.Read(ref _values) is null)
            return Errno.ENODATA;
        lock (_lock)
            return _values!.TryGetValue(name, out var value) ? value : Errno.ENODATA;
    }

    internal Errno Set(FileName name, byte[] value, XattrFlags flags, Inode inode)
    {
        lock (_lock)
        {
            _values ??= [];
            var exists = _values.ContainsKey(name);
            if (exists && (flags & XattrFlags.XATTR_CREATE) != 0)
                return Errno.EEXIST;
            if (!exists && (flags & XattrFlags.XATTR_REPLACE) != 0)
                return Errno.ENODATA;
            _values[name] = value;
        }
        inode.TouchChanged();
        return Errno.None;
    }

    internal Errno Remove(FileName name, Inode inode)
    {
        if (Volatile.Read(ref _values) is null)
            return Errno.ENODATA;
        lock (_lock)
        {
            if (!_values!.Remove(name))
                return Errno.ENODATA;
        }
        inode.TouchChanged();
        return Errno.None;
    }

    internal Result<FileName[]> List()
    {
        lock (_lock)
            return _values is null ? [] : _values.Keys.ToArray();
    }
}
