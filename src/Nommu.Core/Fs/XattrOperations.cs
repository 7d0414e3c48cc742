using Nommu.Core.Abi;

namespace Nommu.Core.Fs;

/// <summary>Linux: fs/xattr.c: the namespaces of extended attributes and who may do what in them (xattr(7)).</summary>
internal static class XattrOperations
{
    /// <summary>Linux: XATTR_NAME_MAX, XATTR_SIZE_MAX and XATTR_LIST_MAX.</summary>
    internal const int LongestName = 255, LongestValue = 65536, LongestList = 65536;

    internal static Result<byte[]> Get(in FsCaller caller, FsPath path, FileName name)
    {
        var error = CheckPermission(caller, path, name, AccessMask.MAY_READ);
        return error == Errno.None ? path.Inode.GetXattr(name) : error;
    }

    internal static Errno Set(in FsCaller caller, FsPath path, FileName name, byte[] value, XattrFlags flags)
    {
        var error = CheckPermission(caller, path, name, AccessMask.MAY_WRITE);
        if (error == Errno.None && name.Bytes.SequenceEqual(FileCapabilities.AttributeName) && !FileCapabilities.IsValid(value))
            error = Errno.EINVAL;
        return error == Errno.None ? path.Inode.SetXattr(name, value, flags) : error;
    }

    internal static Errno Remove(in FsCaller caller, FsPath path, FileName name)
    {
        var error = CheckPermission(caller, path, name, AccessMask.MAY_WRITE);
        return error == Errno.None ? path.Inode.RemoveXattr(name) : error;
    }

    /// <summary>Names in a row, each with a zero; those of trusted attributes only for root.</summary>
    internal static Result<byte[]> List(in FsCaller caller, FsPath path)
    {
        var listed = path.Inode.ListXattr();
        if (!listed.TryGet(out var names))
            return listed.Error;
        var text = new SeqText();
        foreach (var name in names)
        {
            if (name.Bytes.StartsWith("trusted."u8) && !caller.Credentials.Has(Capability.CAP_SYS_ADMIN))
                continue;
            text.Add(name.Bytes);
            text.Add([0]);
        }
        return text.Written.Length > LongestList ? Errno.E2BIG : text.Written.ToArray();
    }

    /// <summary>Linux: <c>xattr_permission</c>, and the handlers by prefix: a name outside of the namespaces is nobody's.</summary>
    private static Errno CheckPermission(in FsCaller caller, FsPath path, FileName name, AccessMask wanted)
    {
        var inode = path.Inode;
        var writes = wanted == AccessMask.MAY_WRITE;
        if (writes && path.Mount.IsReadOnly)
            return Errno.EROFS;
        if (writes && inode.IsProtected)
            return Errno.EPERM;
        var text = name.Bytes;
        if (text.StartsWith("security."u8))
            return writes && !caller.Credentials.Has(text.SequenceEqual(FileCapabilities.AttributeName) ? Capability.CAP_SETFCAP : Capability.CAP_SYS_ADMIN) ? Errno.EPERM : Errno.None;
        if (text.StartsWith("trusted."u8))
            return caller.Credentials.Has(Capability.CAP_SYS_ADMIN) ? Errno.None : writes ? Errno.EPERM : Errno.ENODATA;
        if (text.StartsWith("system."u8))
            return Errno.EOPNOTSUPP; // POSIX access control lists live there, and no file system has any
        if (!text.StartsWith("user."u8))
            return Errno.EOPNOTSUPP;
        // Only files and directories have these, as the permission bits of others say nothing of who may fill a disk through them.
        if (inode is not (RegularInode or DirectoryInode))
            return writes ? Errno.EPERM : Errno.ENODATA;
        if (inode is DirectoryInode && (inode.Mode & InodeMode.S_ISVTX) != 0 && writes && !caller.Owns(inode))
            return Errno.EPERM;
        return caller.Check(path, wanted);
    }
}
