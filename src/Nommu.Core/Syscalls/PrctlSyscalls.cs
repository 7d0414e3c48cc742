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
                lock (thread.Process.Tasks.Lock)
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
                return CapabilityPrctl.Perform(thread, option, a, b, c, d) ?? Hardware(thread, option, a, b, c, d);
        }
    }

    private static SyscallResult Hardware(GuestThread thread, PrctlOption option, ulong a, ulong b, ulong c, ulong d)
    {
        switch (option)
        {
            case PrctlOption.PR_SET_MM:
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
