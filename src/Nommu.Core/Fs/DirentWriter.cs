using System.Buffers.Binary;
using Nommu.Core.Abi;
using Nommu.Core.Memory;

namespace Nommu.Core.Fs;

/// <summary>Linux: <c>struct getdents_callback</c>. Lays out directory entries in the caller's buffer until it is full (getdents(2)).</summary>
internal ref struct DirentWriter(IoVector to, bool old)
{
    private IoVector _to = to;

    /// <summary>Bytes written.</summary>
    internal int Written { get; private set; }

    /// <summary>EFAULT, or EINVAL when not even the first entry fits.</summary>
    internal Errno Error { get; private set; }

    /// <summary>Adds one entry.</summary>
    /// <returns>False when it does not fit any more; it is to be offered again by the next call.</returns>
    internal bool Add(ReadOnlySpan<byte> name, ulong ino, InodeMode type, long cookie)
    {
        // struct linux_dirent64: ino, off, reclen, type, name; struct linux_dirent has the type in its last byte instead.
        var length = old ? (18 + name.Length + 2 + 7) & ~7 : (19 + name.Length + 1 + 7) & ~7;
        if (length > _to.Remaining)
        {
            if (Written == 0)
                Error = Errno.EINVAL;
            return false;
        }
        Span<byte> entry = stackalloc byte[288];
        entry = entry[..length];
        entry.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry, ino);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], cookie);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[16..], (ushort)length);
        var kind = (byte)((uint)(type & InodeMode.S_IFMT) >> 12);
        if (old)
            entry[length - 1] = kind;
        else
            entry[18] = kind;
        name.CopyTo(entry[(old ? 18 : 19)..]);
        if (_to.CopyTo(entry) < length)
        {
            Error = Errno.EFAULT;
            return false;
        }
        Written += length;
        return true;
    }
}
