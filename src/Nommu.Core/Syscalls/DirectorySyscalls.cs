using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>getdents64(2), getcwd(2), chdir(2), chroot(2).</summary>
internal static class DirectorySyscalls
{
    [Syscall(78, "getdents")]
    internal static SyscallResult Getdents(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.Entries))] UserPtr<byte> buffer, uint count) => Getdents(thread, fd, buffer, count, old: true);

    [Syscall(217, "getdents64")]
    internal static SyscallResult Getdents64(GuestThread thread, int fd, [Out, ShownBy(nameof(TraceWriter.Entries))] UserPtr<byte> buffer, uint count) => Getdents(thread, fd, buffer, count, old: false);

    [Syscall(79, "getcwd")]
    internal static SyscallResult Getcwd(GuestThread thread, [Out, ShownBy(nameof(TraceWriter.FilledText))] UserPtr<byte> buffer, nuint size)
    {
        const string unreachable = "(unreachable)";
        var here = thread.Fs.WorkingDirectory;
        if (here.Dentry.IsDeleted)
            return Errno.ENOENT;
        var bytes = thread.PathBuffer;
        bytes[^1] = 0;
        var path = PathNaming.Write(here, thread.Fs.Root, bytes.AsSpan(unreachable.Length, bytes.Length - unreachable.Length - 1), out var reachable);
        if (path.IsEmpty)
            return Errno.ENAMETOOLONG;
        var start = bytes.Length - 1 - path.Length;
        if (!reachable)
        {
            start -= unreachable.Length;
            System.Text.Encoding.ASCII.GetBytes(unreachable, bytes.AsSpan(start));
        }
        var text = bytes.AsSpan(start);
        if ((nuint)text.Length > size)
            return Errno.ERANGE;
        var error = thread.Memory.Write(buffer.Address, text);
        return error != Errno.None ? error : text.Length;
    }

    [Syscall(80, "chdir")]
    internal static SyscallResult Chdir(GuestThread thread, UserPtr<byte> path)
    {
        var found = FindDirectory(thread, path);
        return found.TryGet(out var place) ? thread.Fs.SetWorkingDirectory(place) : found.Error;
    }

    [Syscall(81, "fchdir")]
    internal static SyscallResult Fchdir(GuestThread thread, int fd)
    {
        using var use = thread.Files.Get(fd);
        if (use.File is not { } file)
            return Errno.EBADF;
        if (file.Inode is not DirectoryInode)
            return Errno.ENOTDIR;
        var error = thread.FsCaller.Check(file.Path, AccessMask.MAY_EXEC);
        return error != Errno.None ? error : thread.Fs.SetWorkingDirectory(file.Path);
    }

    [Syscall(161, "chroot")]
    internal static SyscallResult Chroot(GuestThread thread, UserPtr<byte> path)
    {
        var found = FindDirectory(thread, path);
        if (!found.TryGet(out var place))
            return found.Error;
        return thread.Credentials.Has(Capability.CAP_SYS_CHROOT) ? thread.Fs.SetRoot(place) : Errno.EPERM;
    }

    private static SyscallResult Getdents(GuestThread thread, int fd, UserPtr<byte> buffer, uint count, bool old)
    {
        using var use = thread.Files.Get(fd);
        if (use.Opened is not { } file)
            return Errno.EBADF;
        var sink = new DirentWriter(UserIovecs.Single(thread, buffer, count), old);
        var error = file.ReadDirectory(ref sink);
        if (sink.Written > 0)
            return sink.Written;
        return error != Errno.None ? error : sink.Error;
    }

    private static Result<FsPath> FindDirectory(GuestThread thread, UserPtr<byte> path)
    {
        var found = UserPath.Read(thread, path).Resolve(thread, AtFlags.None, follow: true);
        if (!found.TryGet(out var place))
            return found;
        if (place.Inode is not DirectoryInode)
            return Errno.ENOTDIR;
        var error = thread.FsCaller.Check(place, AccessMask.MAY_EXEC);
        return error != Errno.None ? error : place;
    }
}
