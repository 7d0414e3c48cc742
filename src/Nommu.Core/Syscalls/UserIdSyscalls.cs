using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>User ids: getuid(2), setuid(2), setreuid(2), setresuid(2), setfsuid(2). An id of -1 means "as it is".</summary>
[SyscallFamily(SyscallClasses.Creds)]
internal static class UserIdSyscalls
{
    private const uint Keep = uint.MaxValue;

    [Syscall(102, "getuid")]
    internal static SyscallResult Getuid(GuestThread thread) => (long)thread.Credentials.Uid;

    [Syscall(107, "geteuid")]
    internal static SyscallResult Geteuid(GuestThread thread) => (long)thread.Credentials.Euid;

    [Syscall(118, "getresuid")]
    internal static SyscallResult Getresuid(GuestThread thread, [Out] UserPtr<uint> real, [Out] UserPtr<uint> effective, [Out] UserPtr<uint> saved)
    {
        var ids = thread.Credentials;
        return thread.Memory.Write(real, ids.Uid) is not Errno.None || thread.Memory.Write(effective, ids.Euid) is not Errno.None || thread.Memory.Write(saved, ids.Suid) is not Errno.None
            ? Errno.EFAULT
            : Errno.None;
    }

    [Syscall(105, "setuid")]
    internal static SyscallResult Setuid(GuestThread thread, uint uid)
    {
        var old = thread.Credentials;
        if (uid == Keep)
            return Errno.EINVAL;
        if (old.Has(Capability.CAP_SETUID))
            return Change(thread, uid, uid, uid);
        return uid == old.Uid || uid == old.Suid ? Change(thread, old.Uid, uid, old.Suid) : Errno.EPERM;
    }

    [Syscall(113, "setreuid")]
    internal static SyscallResult Setreuid(GuestThread thread, uint real, uint effective)
    {
        var old = thread.Credentials;
        var newReal = real == Keep ? old.Uid : real;
        var newEffective = effective == Keep ? old.Euid : effective;
        if (!old.Has(Capability.CAP_SETUID))
        {
            if (newReal != old.Uid && newReal != old.Euid)
                return Errno.EPERM;
            if (newEffective != old.Uid && newEffective != old.Euid && newEffective != old.Suid)
                return Errno.EPERM;
        }
        var saved = real != Keep || (effective != Keep && effective != old.Uid) ? newEffective : old.Suid;
        return Change(thread, newReal, newEffective, saved);
    }

    [Syscall(117, "setresuid")]
    internal static SyscallResult Setresuid(GuestThread thread, uint real, uint effective, uint saved)
    {
        var old = thread.Credentials;
        if (!old.Has(Capability.CAP_SETUID) && !(Allowed(real) && Allowed(effective) && Allowed(saved)))
            return Errno.EPERM;
        return Change(thread, real == Keep ? old.Uid : real, effective == Keep ? old.Euid : effective, saved == Keep ? old.Suid : saved);

        bool Allowed(uint id) => id == Keep || id == old.Uid || id == old.Euid || id == old.Suid;
    }

    /// <summary>Answers the id there was, also where it could not be changed: the call has no errors.</summary>
    [Syscall(122, "setfsuid")]
    internal static SyscallResult Setfsuid(GuestThread thread, uint uid)
    {
        var old = thread.Credentials;
        if (uid != Keep && (old.Has(Capability.CAP_SETUID) || uid == old.Uid || uid == old.Euid || uid == old.Suid || uid == old.Fsuid))
            thread.ChangeCredentials(old with { Fsuid = uid, Capabilities = old.Capabilities.AfterFileUserChange(old.Fsuid, uid) });
        return (long)old.Fsuid;
    }

    private static Errno Change(GuestThread thread, uint real, uint effective, uint saved)
    {
        var old = thread.Credentials;
        var changed = old with { Uid = real, Euid = effective, Suid = saved, Fsuid = effective };
        changed = changed with { Capabilities = old.Capabilities.AfterChange(old, changed) };
        if (real != old.Uid) // Linux: flag_nproc_exceeded
            thread.Attributes.HasExceededProcesses = real != 0 && thread.Process.Tasks.IsOverLimit(thread, changed, 0);
        thread.ChangeCredentials(changed);
        return Errno.None;
    }
}
