using System.Runtime.InteropServices;
using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>
/// A directory of the host, held by a descriptor, and what lies below it. Nothing else is ever opened: a path has no dots and is walked without following a symbolic or magic link, so it does not lead out,
/// whatever somebody else does with the directories meanwhile.
/// </summary>
/// <remarks>openat2(2) does that in one call; where the host has not that (before Linux 5.6, or behind a filter), the walk is done a component at a time.</remarks>
internal sealed unsafe class HostTree : IDisposable
{
    private const int SYS_openat = 257, SYS_openat2 = 437;
    private const int AT_FDCWD = -100;
    private const int O_NONBLOCK = 0x800, O_NOCTTY = 0x100, O_NOFOLLOW = 0x20000, O_CLOEXEC = 0x80000, O_DIRECTORY = 0x10000, O_PATH = 0x200000;
    private const ulong RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8;
    private const int MostAttempts = 64;

    private HostTree(HostFile root) => Root = root;

    /// <summary>The directory itself.</summary>
    internal HostFile Root { get; }

    /// <summary>Takes a directory by its name on the host, which is the only one that may lead through symbolic links.</summary>
    internal static Result<HostTree> Open(string directory)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(directory + '\0'))
        {
            var opened = HostCalls.syscall(SYS_openat, AT_FDCWD, (nint)name, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
            return opened < 0 ? LastError : new HostTree(new HostFile((int)opened));
        }
    }

    /// <summary>A place, for looking at it: not opened, so that devices and FIFOs do not notice.</summary>
    /// <param name="path">From the root, without a leading slash, ending with a zero; empty for the root.</param>
    internal Result<HostFile> Find(ReadOnlySpan<byte> path) => Open(path, O_PATH);

    /// <summary>A file or directory, for reading. The caller sees to it that it is none of those that do something when they are opened.</summary>
    /// <param name="path">As in <see cref="Find"/>.</param>
    internal Result<HostFile> OpenForReading(ReadOnlySpan<byte> path) => Open(path, O_NONBLOCK | O_NOCTTY);

    public void Dispose() => Root.Dispose();

    /// <summary>A link as the last component is opened itself with O_PATH, and is ELOOP without it.</summary>
    private Result<HostFile> Open(ReadOnlySpan<byte> path, int flags)
    {
        if (path is [0])
            path = ".\0"u8;
        flags |= O_NOFOLLOW | O_CLOEXEC;
        var how = stackalloc ulong[3] { (ulong)flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
        fixed (byte* name = path)
        {
            for (var attempt = 0; attempt < MostAttempts; attempt++)
            {
                var opened = HostCalls.syscall(SYS_openat2, Root.Descriptor, (nint)name, (nint)how, 3 * sizeof(ulong), 0, 0);
                if (opened >= 0)
                    return new HostFile((int)opened);
                // Somebody renames or mounts at the same time.
                if (LastError is not (Errno.EAGAIN or Errno.EINTR))
                    break;
            }
        }
        return LastError is Errno.ENOSYS or Errno.EPERM ? Walk(path, flags) : LastError;
    }

    private Result<HostFile> Walk(ReadOnlySpan<byte> path, int flags)
    {
        HostFile? directory = null;
        try
        {
            while (true)
            {
                var end = path.IndexOf((byte)'/');
                if (end < 0)
                    return Step(directory ?? Root, path, flags);
                byte[] component = [.. path[..end], 0];
                var next = Step(directory ?? Root, component, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (!next.TryGet(out var opened))
                    return next;
                directory?.Dispose();
                directory = opened;
                path = path[(end + 1)..];
            }
        }
        finally
        {
            directory?.Dispose();
        }
    }

    private static Result<HostFile> Step(HostFile directory, ReadOnlySpan<byte> name, int flags)
    {
        fixed (byte* component = name)
        {
            var opened = HostCalls.syscall(SYS_openat, directory.Descriptor, (nint)component, flags, 0, 0, 0);
            return opened < 0 ? LastError : new HostFile((int)opened);
        }
    }

    private static Errno LastError => (Errno)Marshal.GetLastPInvokeError();
}
