using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>utimensat(2) and its older kin utime(2), utimes(2) and futimesat(2).</summary>
internal static class FileTimeSyscalls
{
    private static readonly Timespec Now = new(0, Timespec.UTIME_NOW);

    [Syscall(280, "utimensat")]
    internal static SyscallResult Utimensat(GuestThread thread, int directory, UserPtr<byte> path, [ShownBy(nameof(TraceWriter.TwoTimes))] UserPtr<Timespec> times, AtFlags flags)
    {
        var access = Now;
        var modify = Now;
        if (!times.IsNull)
        {
            if (thread.Memory.Read(times, out access) != Errno.None || thread.Memory.Read(times.At(1), out modify) != Errno.None)
                return Errno.EFAULT;
            if (!IsTime(access) || !IsTime(modify))
                return Errno.EINVAL;
            if (access.Nanoseconds == Timespec.UTIME_OMIT && modify.Nanoseconds == Timespec.UTIME_OMIT)
                return Errno.None;
        }
        if ((flags & ~(AtFlags.AT_SYMLINK_NOFOLLOW | AtFlags.AT_EMPTY_PATH)) != 0)
            return Errno.EINVAL;
        return Change(thread, directory, path, access, modify, flags);
    }

    [Syscall(132, "utime")]
    internal static SyscallResult Utime(GuestThread thread, UserPtr<byte> path, UserPtr<Utimbuf> times)
    {
        if (times.IsNull)
            return Change(thread, UserPath.AT_FDCWD, path, Now, Now, AtFlags.None, allowNull: false);
        return thread.Memory.Read(times, out var given) != Errno.None
            ? Errno.EFAULT
            : Change(thread, UserPath.AT_FDCWD, path, new Timespec(given.Access, 0), new Timespec(given.Modify, 0), AtFlags.None, allowNull: false);
    }

    [Syscall(235, "utimes")]
    internal static SyscallResult Utimes(GuestThread thread, UserPtr<byte> path, UserPtr<Timespec> times) => Futimesat(thread, UserPath.AT_FDCWD, path, times);

    /// <summary>The times are two <c>struct timeval</c>, of the size of timespec, with microseconds.</summary>
    [Syscall(261, "futimesat")]
    internal static SyscallResult Futimesat(GuestThread thread, int directory, UserPtr<byte> path, UserPtr<Timespec> times)
    {
        if (times.IsNull)
            return Change(thread, directory, path, Now, Now, AtFlags.None);
        if (thread.Memory.Read(times, out var access) != Errno.None || thread.Memory.Read(times.At(1), out var modify) != Errno.None)
            return Errno.EFAULT;
        if ((ulong)access.Nanoseconds >= 1_000_000 || (ulong)modify.Nanoseconds >= 1_000_000)
            return Errno.EINVAL;
        return Change(thread, directory, path, FromTimeval(access), FromTimeval(modify), AtFlags.None);
    }

    private static bool IsTime(Timespec time) => time.Nanoseconds is Timespec.UTIME_NOW or Timespec.UTIME_OMIT or (>= 0 and < 1_000_000_000);

    private static Timespec FromTimeval(Timespec value) => new(value.Seconds, value.Nanoseconds * 1000);

    private static Errno Change(GuestThread thread, int directory, UserPtr<byte> path, Timespec access, Timespec modify, AtFlags flags, bool allowNull = true)
    {
        // Without a path it is the descriptor's own file: how futimens(3) is done.
        if (path.IsNull && allowNull && directory != UserPath.AT_FDCWD)
        {
            if (flags != AtFlags.None)
                return Errno.EINVAL;
            using var use = thread.Files.Get(directory);
            return use.Opened is { } file ? AttributeOperations.ChangeTimes(thread.FsCaller, file.Path, access, modify) : Errno.EBADF;
        }
        var found = UserPath.Read(thread, directory, path).Resolve(thread, flags, (flags & AtFlags.AT_SYMLINK_NOFOLLOW) == 0);
        return found.TryGet(out var place) ? AttributeOperations.ChangeTimes(thread.FsCaller, place, access, modify) : found.Error;
    }

    /// <summary>Linux: <c>struct utimbuf</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Utimbuf
    {
        internal long Access;
        internal long Modify;
    }
}
