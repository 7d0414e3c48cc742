using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>Group ids: getgid(2), setgid(2), setregid(2), setresgid(2), setfsgid(2). An id of -1 means "as it is".</summary>
[SyscallFamily(SyscallClasses.Creds)]
internal static class GroupIdSyscalls
{
    private const uint Keep = uint.MaxValue;

    [Syscall(104, "getgid")]
    internal static SyscallResult Getgid(GuestThread thread) => (long)thread.Credentials.Gid;

    [Syscall(108, "getegid")]
    internal static SyscallResult Getegid(GuestThread thread) => (long)thread.Credentials.Egid;

    [Syscall(120, "getresgid")]
    internal static SyscallResult Getresgid(GuestThread thread, [Out] UserPtr<uint> real, [Out] UserPtr<uint> effective, [Out] UserPtr<uint> saved)
    {
        var ids = thread.Credentials;
        return thread.Memory.Write(real, ids.Gid) is not Errno.None || thread.Memory.Write(effective, ids.Egid) is not Errno.None || thread.Memory.Write(saved, ids.Sgid) is not Errno.None
            ? Errno.EFAULT
            : Errno.None;
    }

    [Syscall(106, "setgid")]
    internal static SyscallResult Setgid(GuestThread thread, uint gid)
    {
        var old = thread.Credentials;
        if (gid == Keep)
            return Errno.EINVAL;
        if (old.Has(Capability.CAP_SETGID))
            return Change(thread, gid, gid, gid);
        return gid == old.Gid || gid == old.Sgid ? Change(thread, old.Gid, gid, old.Sgid) : Errno.EPERM;
    }

    [Syscall(114, "setregid")]
    internal static SyscallResult Setregid(GuestThread thread, uint real, uint effective)
    {
        var old = thread.Credentials;
        var newReal = real == Keep ? old.Gid : real;
        var newEffective = effective == Keep ? old.Egid : effective;
        if (!old.Has(Capability.CAP_SETGID))
        {
            if (newReal != old.Gid && newReal != old.Egid)
                return Errno.EPERM;
            if (newEffective != old.Gid && newEffective != old.Egid && newEffective != old.Sgid)
                return Errno.EPERM;
        }
        var saved = real != Keep || (effective != Keep && effective != old.Gid) ? newEffective : old.Sgid;
        return Change(thread, newReal, newEffective, saved);
    }

    [Syscall(119, "setresgid")]
    internal static SyscallResult Setresgid(GuestThread thread, uint real, uint effective, uint saved)
    {
        var old = thread.Credentials;
        if (!old.Has(Capability.CAP_SETGID) && !(Allowed(real) && Allowed(effective) && Allowed(saved)))
            return Errno.EPERM;
        return Change(thread, real == Keep ? old.Gid : real, effective == Keep ? old.Egid : effective, saved == Keep ? old.Sgid : saved);

        bool Allowed(uint id) => id == Keep || id == old.Gid || id == old.Egid || id == old.Sgid;
    }

    /// <summary>Answers the id there was, also where it could not be changed: the call has no errors.</summary>
    [Syscall(123, "setfsgid")]
    internal static SyscallResult Setfsgid(GuestThread thread, uint gid)
    {
        var old = thread.Credentials;
        if (gid != Keep && (old.Has(Capability.CAP_SETGID) || gid == old.Gid || gid == old.Egid || gid == old.Sgid || gid == old.Fsgid))
            thread.ChangeCredentials(old with { Fsgid = gid });
        return (long)old.Fsgid;
    }

    private static Errno Change(GuestThread thread, uint real, uint effective, uint saved)
    {
        thread.ChangeCredentials(thread.Credentials with { Gid = real, Egid = effective, Sgid = saved, Fsgid = effective });
        return Errno.None;
    }
}
