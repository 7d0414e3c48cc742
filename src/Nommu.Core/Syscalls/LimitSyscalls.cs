using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>getrlimit(2), setrlimit(2), prlimit(2).</summary>
internal static class LimitSyscalls
{
    [Syscall(97, "getrlimit")]
    internal static SyscallResult Getrlimit(GuestThread thread, ResourceLimit resource, [Out] UserPtr<Rlimit> limit) =>
        ResourceLimits.IsResource(resource) ? thread.Memory.Write(limit, thread.Process.Limits[resource]) : Errno.EINVAL;

    [Syscall(160, "setrlimit")]
    internal static SyscallResult Setrlimit(GuestThread thread, ResourceLimit resource, UserPtr<Rlimit> limit)
    {
        if (thread.Memory.Read(limit, out var given) is not Errno.None and var error)
            return error;
        if (!ResourceLimits.IsResource(resource))
            return Errno.EINVAL;
        lock (thread.Process.Tasks.Lock)
            return thread.Process.SetLimit(resource, given, thread.Credentials.Has(Capability.CAP_SYS_RESOURCE));
    }

    [Syscall(302, "prlimit64")]
    internal static SyscallResult Prlimit64(GuestThread thread, int pid, ResourceLimit resource, UserPtr<Rlimit> limit, [Out] UserPtr<Rlimit> old)
    {
        if (!ResourceLimits.IsResource(resource))
            return Errno.EINVAL;
        var given = default(Rlimit);
        if (!limit.IsNull && thread.Memory.Read(limit, out given) is not Errno.None and var error)
            return error;
        Rlimit previous;
        lock (thread.Process.Tasks.Lock)
        {
            var target = pid == 0 ? thread : thread.Process.Tasks.FindThread(thread, pid);
            if (target is null)
                return Errno.ESRCH;
            if (!MayChange(thread, target))
                return Errno.EPERM;
            previous = target.Process.Limits[resource];
            if (!limit.IsNull && target.Process.SetLimit(resource, given, thread.Credentials.Has(Capability.CAP_SYS_RESOURCE)) is not Errno.None and var refused)
                return refused;
        }
        return old.IsNull ? Errno.None : thread.Memory.Write(old, previous);
    }

    /// <summary>Linux: <c>check_prlimit_permission</c>: all ids must be the caller's real ones.</summary>
    private static bool MayChange(GuestThread caller, GuestThread target)
    {
        var (mine, theirs) = (caller.Credentials, target.Credentials);
        return caller.Process == target.Process || mine.Has(Capability.CAP_SYS_RESOURCE)
            || (mine.Uid == theirs.Uid && mine.Uid == theirs.Euid && mine.Uid == theirs.Suid && mine.Gid == theirs.Gid && mine.Gid == theirs.Egid && mine.Gid == theirs.Sgid);
    }
}
