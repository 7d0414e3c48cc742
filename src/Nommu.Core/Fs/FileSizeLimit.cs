using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Signals;

namespace Nommu.Core.Fs;

/// <summary>Linux: what <c>generic_write_checks</c> and <c>inode_newsize_ok</c> make of RLIMIT_FSIZE (setrlimit(2)): a write stops at it, and one beyond it is SIGXFSZ and EFBIG.</summary>
internal static class FileSizeLimit
{
    /// <summary>For a new size.</summary>
    internal static Errno Check(GuestThread? thread, long size)
    {
        if (thread is null || size < 0 || (ulong)size <= thread.Process.Limits[ResourceLimit.RLIMIT_FSIZE].Current)
            return Errno.None;
        return Exceeded(thread);
    }

    /// <summary>For a write.</summary>
    /// <param name="thread">Who writes.</param>
    /// <param name="file">Where to.</param>
    /// <param name="from">Shortened to what fits.</param>
    /// <param name="position">Where in the file; negative for the file's own position.</param>
    internal static Errno Limit(GuestThread thread, FileDescription file, ref IoVector from, long position)
    {
        var limit = thread.Process.Limits[ResourceLimit.RLIMIT_FSIZE].Current;
        if (limit == ulong.MaxValue || file is not SeekableFile { Inode: RegularInode inode } seekable || from.Remaining == 0)
            return Errno.None;
        if ((file.Flags & OpenFlags.O_APPEND) != 0)
            position = inode.Size;
        else if (position < 0)
            position = seekable.Position;
        if ((ulong)position >= limit)
            return Exceeded(thread);
        from.LimitTo((long)Math.Min(limit - (ulong)position, long.MaxValue));
        return Errno.None;
    }

    private static Errno Exceeded(GuestThread thread)
    {
        new SignalSender(thread.Process.Tasks).SendToThread(thread, Signal.SIGXFSZ);
        return Errno.EFBIG;
    }
}
