using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pidfd;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>unshare(2) and setns(2): namespaces of mounts, names and System V's IPC; the others are as in a kernel built without them.</summary>
internal static class NamespaceSyscalls
{
    private const CloneFlags Threads = CloneFlags.CLONE_THREAD | CloneFlags.CLONE_SIGHAND | CloneFlags.CLONE_VM;

    private const CloneFlags Shared = Threads | CloneFlags.CLONE_FS | CloneFlags.CLONE_FILES | CloneFlags.CLONE_SYSVSEM;

    private const CloneFlags Namespaces = CloneFlags.CLONE_NEWNS | CloneFlags.CLONE_NEWUTS | CloneFlags.CLONE_NEWIPC;

    private const CloneFlags Others = CloneFlags.CLONE_NEWNET | CloneFlags.CLONE_NEWUSER | CloneFlags.CLONE_NEWPID | CloneFlags.CLONE_NEWCGROUP | CloneFlags.CLONE_NEWTIME;

    [Syscall(272, "unshare")]
    internal static SyscallResult Unshare(GuestThread thread, CloneFlags flags)
    {
        if ((flags & ~(Shared | Namespaces | Others)) != 0)
            return Errno.EINVAL;
        if ((flags & Threads) != 0 && !IsAlone(thread, flags))
            return Errno.EINVAL;
        var error = CloneRequest.CheckNamespaces(flags, thread);
        if (error == Errno.None)
            thread.Unshare(flags);
        return error;
    }

    [Syscall(308, "setns")]
    internal static SyscallResult Setns(GuestThread thread, int fd, CloneFlags kinds)
    {
        if (thread.Files.Retain(fd) is not { } file)
            return Errno.EBADF;
        try
        {
            return file switch
            {
                NamespaceFile one when kinds == 0 || kinds == one.Namespace.Flag => Enter(thread, [one.Namespace]),
                PidfdFile of => EnterThoseOf(thread, of, kinds),
                _ => Errno.EINVAL,
            };
        }
        finally
        {
            file.Release();
        }
    }

    private static Errno EnterThoseOf(GuestThread thread, PidfdFile file, CloneFlags kinds)
    {
        if (kinds == 0 || (kinds & ~Namespaces) != 0)
            return Errno.EINVAL;
        GuestThread? target;
        lock (thread.Process.Tasks.Lock)
            target = file.Pid.HasEndedLocked ? null : file.Pid.Thread ?? file.Pid.Process.Threads[0];
        if (target is null)
            return Errno.ESRCH;
        return Enter(thread, [.. new Namespace[] { target.Uts, target.Ipc, target.Fs.Mounts }.Where(space => (kinds & space.Flag) != 0)]);
    }

    /// <summary>All or none.</summary>
    private static Errno Enter(GuestThread thread, Namespace[] spaces)
    {
        foreach (var space in spaces)
        {
            if (!thread.Credentials.Has(Capability.CAP_SYS_ADMIN) || (space is MountNamespace && !thread.Credentials.Has(Capability.CAP_SYS_CHROOT)))
                return Errno.EPERM;
            if (space is MountNamespace && thread.Fs.IsShared)
                return Errno.EINVAL;
        }
        for (var i = 0; i < spaces.Length; i++)
        {
            if (spaces[i].TryRetain())
                continue;
            foreach (var kept in spaces.AsSpan(0, i))
                kept.GiveBack();
            return Errno.ESRCH;
        }
        foreach (var space in spaces)
            thread.Enter(space);
        return Errno.None;
    }

    /// <summary>Linux: <c>check_unshare_flags</c>: what threads must share cannot be given up as long as there are others.</summary>
    private static bool IsAlone(GuestThread thread, CloneFlags flags)
    {
        var process = thread.Process;
        lock (process.Tasks.Lock)
        {
            if (process.Threads.Count > 1)
                return false;
            if ((flags & (CloneFlags.CLONE_SIGHAND | CloneFlags.CLONE_VM)) == 0)
                return true;
            foreach (var other in process.Tasks.Processes)
            {
                if (other != process && (other.Handlers == process.Handlers || ((flags & CloneFlags.CLONE_VM) != 0 && other.Threads.Exists(one => one.Space == thread.Space))))
                    return false;
            }
            return true;
        }
    }
}
