using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>prctl(2) and personality(2). What concerns hardware or features that are not there is EINVAL, as from a kernel built without.</summary>
internal static class PrctlSyscalls
{
    private const int NameSize = 16;

    [Syscall(157, "prctl")]
    internal static SyscallResult Prctl(GuestThread thread, PrctlOption option, ulong a, ulong b, ulong c, ulong d)
    {
        var own = thread.Attributes;
        switch (option)
        {
            case PrctlOption.PR_SET_NAME:
                return SetName(thread, a);
            case PrctlOption.PR_GET_NAME:
                return GetName(thread, a);
            case PrctlOption.PR_SET_PDEATHSIG:
                if (a > SigSet.Count)
                    return Errno.EINVAL;
                own.ParentDeathSignal = (int)a;
                return Errno.None;
            case PrctlOption.PR_GET_PDEATHSIG:
                return thread.Memory.Write(new UserPtr<int>(a), own.ParentDeathSignal);
            case PrctlOption.PR_SET_DUMPABLE:
                if (a > 1)
                    return Errno.EINVAL;
                thread.Process.IsDumpable = a == 1;
                return Errno.None;
            case PrctlOption.PR_GET_DUMPABLE:
                return thread.Process.IsDumpable ? 1 : 0;
            case PrctlOption.PR_SET_CHILD_SUBREAPER:
                lock (thread.Process.Tasks.Lock)
                    thread.Process.IsSubreaper = a != 0;
                return Errno.None;
            case PrctlOption.PR_GET_CHILD_SUBREAPER:
                return thread.Memory.Write(new UserPtr<int>(a), thread.Process.IsSubreaper ? 1 : 0);
            case PrctlOption.PR_SET_NO_NEW_PRIVS:
                if (a != 1 || (b | c | d) != 0)
                    return Errno.EINVAL;
                own.NoNewPrivileges = true;
                return Errno.None;
            case PrctlOption.PR_GET_NO_NEW_PRIVS:
                return (a | b | c | d) != 0 ? Errno.EINVAL : own.NoNewPrivileges ? 1 : 0;
            case PrctlOption.PR_GET_TID_ADDRESS:
                return thread.Memory.Write(new UserPtr<ulong>(a), thread.ClearChildTid);
            case PrctlOption.PR_SET_TIMERSLACK:
                own.TimerSlack = (long)a <= 0 ? TaskAttributes.DefaultTimerSlack : (long)a;
                return Errno.None;
            case PrctlOption.PR_GET_TIMERSLACK:
                return own.TimerSlack;
            default:
                return Capabilities(thread, option, a, b, c, d);
        }
    }

    private static SyscallResult Capabilities(GuestThread thread, PrctlOption option, ulong a, ulong b, ulong c, ulong d)
    {
        var own = thread.Attributes;
        switch (option)
        {
            case PrctlOption.PR_SET_KEEPCAPS:
                if (a > 1)
                    return Errno.EINVAL;
                own.KeepCapabilities = a == 1;
                return Errno.None;
            case PrctlOption.PR_GET_KEEPCAPS:
                return own.KeepCapabilities ? 1 : 0;
            case PrctlOption.PR_CAPBSET_READ:
                return a <= (ulong)Capability.CAP_CHECKPOINT_RESTORE ? 1 : Errno.EINVAL;
            case PrctlOption.PR_CAPBSET_DROP:
                // Rights follow from ids alone: none can be dropped, and none says it was.
                return a <= (ulong)Capability.CAP_CHECKPOINT_RESTORE ? Errno.EPERM : Errno.EINVAL;
            case PrctlOption.PR_CAP_AMBIENT:
                return Ambient((AmbientOption)a, b, c, d);
            case PrctlOption.PR_GET_SECUREBITS:
                return own.KeepCapabilities ? 1 << 4 : 0;
            case PrctlOption.PR_SET_SECUREBITS or PrctlOption.PR_SET_MM:
                return Errno.EPERM;
            case PrctlOption.PR_GET_SECCOMP:
                return 0;
            case PrctlOption.PR_GET_TIMING:
                return 0; // PR_TIMING_STATISTICAL
            case PrctlOption.PR_SET_TIMING:
                return a == 0 ? Errno.None : Errno.EINVAL;
            case PrctlOption.PR_GET_THP_DISABLE:
                return (a | b | c | d) != 0 ? Errno.EINVAL : 0;
            case PrctlOption.PR_GET_TSC:
                return thread.Memory.Write(new UserPtr<int>(a), 1); // PR_TSC_ENABLE
            case PrctlOption.PR_SET_TSC:
                return a == 1 ? Errno.None : Errno.EINVAL;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>Only what is inherited can become ambient (capabilities(7)), and here nothing is: none is there, none can be raised.</summary>
    private static SyscallResult Ambient(AmbientOption option, ulong capability, ulong c, ulong d)
    {
        if (option == AmbientOption.PR_CAP_AMBIENT_CLEAR_ALL)
            return (capability | c | d) != 0 ? Errno.EINVAL : Errno.None;
        if ((c | d) != 0 || capability > (ulong)Capability.CAP_CHECKPOINT_RESTORE)
            return Errno.EINVAL;
        return option switch
        {
            AmbientOption.PR_CAP_AMBIENT_IS_SET or AmbientOption.PR_CAP_AMBIENT_LOWER => 0L,
            AmbientOption.PR_CAP_AMBIENT_RAISE => Errno.EPERM,
            _ => Errno.EINVAL,
        };
    }

    private static Errno SetName(GuestThread thread, ulong address)
    {
        Span<byte> name = stackalloc byte[NameSize];
        name.Clear();
        var length = thread.Memory.ReadString(address, name[..(NameSize - 1)]);
        if (!length.TryGet(out var size))
        {
            if (length.Error != Errno.ENAMETOOLONG)
                return length.Error;
            size = NameSize - 1; // cut off
            if (thread.Memory.Read(address, name[..size]) is not Errno.None and var error)
                return error;
        }
        thread.Name = name[..size].ToArray();
        return Errno.None;
    }

    private static Errno GetName(GuestThread thread, ulong address)
    {
        Span<byte> name = stackalloc byte[NameSize];
        name.Clear();
        thread.Name.CopyTo(name);
        return thread.Memory.Write(address, name);
    }

    /// <summary>All ones only asks. Kept and inherited; what a personality changes elsewhere is not there to be changed.</summary>
    [Syscall(135, "personality")]
    internal static SyscallResult Personality(GuestThread thread, uint persona)
    {
        var old = thread.Attributes.Personality;
        if (persona != uint.MaxValue)
            thread.Attributes.Personality = (Personality)persona;
        return (long)(uint)old;
    }
}
