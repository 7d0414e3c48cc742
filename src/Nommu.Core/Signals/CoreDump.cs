using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>do_coredump</c> (core(5)): whether a process that dies of a signal leaves an image of its memory, and where. Differs: the file is always <c>core</c> in the working directory, and has the registers of the thread that died alone.</summary>
internal static class CoreDump
{
    /// <summary>Below, there is none.</summary>
    private const ulong SmallestLimit = Arena.PageSize;

    private const InodeMode OwnerReadsAndWrites = InodeMode.S_IRUSR | InodeMode.S_IWUSR;

    private static ReadOnlySpan<byte> Name => "core"u8;

    /// <summary>Whether the signal's default action is to leave an image, and the process may. Under the lock.</summary>
    internal static bool IsDue(GuestProcess process, Signal signal) =>
        SigSet.CoreDumping.Contains(signal) && process.IsDumpable && process.Limits[ResourceLimit.RLIMIT_CORE].Current >= SmallestLimit;

    /// <summary>Writes it. On the thread that dies, which holds the memory; the other threads are ending.</summary>
    /// <returns>True where there is an image, if only a part of one: the status has the core bit.</returns>
    internal static bool Write(GuestThread thread, in Siginfo info)
    {
        var caller = thread.FsCaller;
        var start = thread.Fs.WorkingDirectory;
        _ = NameRemoval.Unlink(caller, start, Name);
        var opened = FileOpening.Open(caller, start, Name, OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_WRONLY | OpenFlags.O_NOFOLLOW, OwnerReadsAndWrites);
        if (!opened.TryGet(out var file))
            return false;
        var image = new CoreImage(file, (long)Math.Min(thread.Process.Limits[ResourceLimit.RLIMIT_CORE].Current, long.MaxValue));
        image.Write(thread, info);
        file.Release();
        return true;
    }
}
