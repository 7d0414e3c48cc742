using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>setxattr(2), getxattr(2), listxattr(2), removexattr(2), with their forms for links and for descriptors.</summary>
internal static class XattrSyscalls
{
    [Syscall(188, "setxattr")]
    internal static SyscallResult Setxattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name, [Elements(nameof(size))] UserPtr<byte> value, nuint size, XattrFlags flags) =>
        Set(thread, Find(thread, path, follow: true), name, value, size, flags);

    [Syscall(189, "lsetxattr")]
    internal static SyscallResult Lsetxattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name, [Elements(nameof(size))] UserPtr<byte> value, nuint size, XattrFlags flags) =>
        Set(thread, Find(thread, path, follow: false), name, value, size, flags);

    [Syscall(190, "fsetxattr")]
    internal static SyscallResult Fsetxattr(GuestThread thread, int fd, [Text] UserPtr<byte> name, [Elements(nameof(size))] UserPtr<byte> value, nuint size, XattrFlags flags)
    {
        using var use = thread.Files.Get(fd);
        return Set(thread, Place(use), name, value, size, flags);
    }

    [Syscall(191, "getxattr")]
    internal static SyscallResult Getxattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name, [Out, Elements(nameof(size))] UserPtr<byte> value, nuint size) =>
        Get(thread, Find(thread, path, follow: true), name, value, size);

    [Syscall(192, "lgetxattr")]
    internal static SyscallResult Lgetxattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name, [Out, Elements(nameof(size))] UserPtr<byte> value, nuint size) =>
        Get(thread, Find(thread, path, follow: false), name, value, size);

    [Syscall(193, "fgetxattr")]
    internal static SyscallResult Fgetxattr(GuestThread thread, int fd, [Text] UserPtr<byte> name, [Out, Elements(nameof(size))] UserPtr<byte> value, nuint size)
    {
        using var use = thread.Files.Get(fd);
        return Get(thread, Place(use), name, value, size);
    }

    [Syscall(194, "listxattr")]
    internal static SyscallResult Listxattr(GuestThread thread, UserPtr<byte> path, [Out, Elements(nameof(size))] UserPtr<byte> list, nuint size) =>
        List(thread, Find(thread, path, follow: true), list, size);

    [Syscall(195, "llistxattr")]
    internal static SyscallResult Llistxattr(GuestThread thread, UserPtr<byte> path, [Out, Elements(nameof(size))] UserPtr<byte> list, nuint size) =>
        List(thread, Find(thread, path, follow: false), list, size);

    [Syscall(196, "flistxattr")]
    internal static SyscallResult Flistxattr(GuestThread thread, int fd, [Out, Elements(nameof(size))] UserPtr<byte> list, nuint size)
    {
        using var use = thread.Files.Get(fd);
        return List(thread, Place(use), list, size);
    }

    [Syscall(197, "removexattr")]
    internal static SyscallResult Removexattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name) => Remove(thread, Find(thread, path, follow: true), name);

    [Syscall(198, "lremovexattr")]
    internal static SyscallResult Lremovexattr(GuestThread thread, UserPtr<byte> path, [Text] UserPtr<byte> name) => Remove(thread, Find(thread, path, follow: false), name);

    [Syscall(199, "fremovexattr")]
    internal static SyscallResult Fremovexattr(GuestThread thread, int fd, [Text] UserPtr<byte> name)
    {
        using var use = thread.Files.Get(fd);
        return Remove(thread, Place(use), name);
    }

    private static Result<FsPath> Find(GuestThread thread, UserPtr<byte> path, bool follow) => UserPath.Read(thread, path).Resolve(thread, AtFlags.None, follow);

    private static Result<FsPath> Place(FileUse use) => use.Opened is { } file ? file.Path : Errno.EBADF;

    private static SyscallResult Set(GuestThread thread, Result<FsPath> found, UserPtr<byte> name, UserPtr<byte> value, nuint size, XattrFlags flags)
    {
        if (!found.TryGet(out var place))
            return found.Error;
        if ((flags & ~(XattrFlags.XATTR_CREATE | XattrFlags.XATTR_REPLACE)) != 0)
            return Errno.EINVAL;
        var named = ReadName(thread, name);
        if (!named.IsOk)
            return named.Error;
        if (size > XattrOperations.LongestValue)
            return Errno.E2BIG;
        var bytes = new byte[(int)size];
        var error = thread.Memory.Read(value.Address, bytes);
        return error != Errno.None && size != 0 ? error : XattrOperations.Set(thread.FsCaller, place, named.Value, bytes, flags);
    }

    private static SyscallResult Get(GuestThread thread, Result<FsPath> found, UserPtr<byte> name, UserPtr<byte> value, nuint size)
    {
        if (!found.TryGet(out var place))
            return found.Error;
        var named = ReadName(thread, name);
        return named.IsOk ? Answer(thread, XattrOperations.Get(thread.FsCaller, place, named.Value), value, size) : named.Error;
    }

    private static SyscallResult List(GuestThread thread, Result<FsPath> found, UserPtr<byte> list, nuint size) =>
        found.TryGet(out var place) ? Answer(thread, XattrOperations.List(thread.FsCaller, place), list, size) : found.Error;

    private static SyscallResult Remove(GuestThread thread, Result<FsPath> found, UserPtr<byte> name)
    {
        if (!found.TryGet(out var place))
            return found.Error;
        var named = ReadName(thread, name);
        return named.IsOk ? XattrOperations.Remove(thread.FsCaller, place, named.Value) : named.Error;
    }

    /// <summary>With size 0 the answer is how much room it takes.</summary>
    private static SyscallResult Answer(GuestThread thread, Result<byte[]> read, UserPtr<byte> buffer, nuint size)
    {
        if (!read.TryGet(out var bytes))
            return read.Error;
        if (size == 0)
            return bytes.Length;
        if ((nuint)bytes.Length > size)
            return Errno.ERANGE;
        var error = bytes.Length == 0 ? Errno.None : thread.Memory.Write(buffer.Address, bytes);
        return error != Errno.None ? error : bytes.Length;
    }

    /// <summary>ERANGE for a name that is empty or too long.</summary>
    private static Result<FileName> ReadName(GuestThread thread, UserPtr<byte> name)
    {
        Span<byte> buffer = stackalloc byte[XattrOperations.LongestName + 1];
        var read = thread.Memory.ReadString(name.Address, buffer);
        if (!read.TryGet(out var length))
            return read.Error == Errno.ENAMETOOLONG ? Errno.ERANGE : read.Error;
        return length == 0 ? Errno.ERANGE : new FileName(buffer[..length]);
    }
}
