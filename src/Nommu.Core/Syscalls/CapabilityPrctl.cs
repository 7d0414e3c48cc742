using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>cap_task_prctl</c>: what of prctl(2) concerns capabilities(7).</summary>
internal static class CapabilityPrctl
{
    /// <returns>Null for an option that is about something else.</returns>
    internal static SyscallResult? Perform(GuestThread thread, PrctlOption option, ulong a, ulong b, ulong c, ulong d)
    {
        var has = thread.Credentials.Capabilities;
        switch (option)
        {
            case PrctlOption.PR_SET_KEEPCAPS:
                if (a > 1)
                    return Errno.EINVAL;
                if (has.Has(SecureBits.SECBIT_KEEP_CAPS_LOCKED))
                    return Errno.EPERM;
                return Set(thread, has with { SecureBits = a == 1 ? has.SecureBits | SecureBits.SECBIT_KEEP_CAPS : has.SecureBits & ~SecureBits.SECBIT_KEEP_CAPS });
            case PrctlOption.PR_GET_KEEPCAPS:
                return has.Has(SecureBits.SECBIT_KEEP_CAPS) ? 1 : 0;
            case PrctlOption.PR_CAPBSET_READ:
                return Capabilities.IsValid(a) ? (long)(has.Bounding >> (int)a & 1) : Errno.EINVAL;
            case PrctlOption.PR_CAPBSET_DROP:
                if (!thread.Credentials.Has(Capability.CAP_SETPCAP))
                    return Errno.EPERM;
                return Capabilities.IsValid(a) ? Set(thread, has with { Bounding = has.Bounding & ~(1UL << (int)a) }) : Errno.EINVAL;
            case PrctlOption.PR_CAP_AMBIENT:
                return Ambient(thread, (AmbientOption)a, b, c, d);
            case PrctlOption.PR_GET_SECUREBITS:
                return (long)has.SecureBits;
            case PrctlOption.PR_SET_SECUREBITS:
                return SetSecureBits(thread, (SecureBits)a);
            default:
                return null;
        }
    }

    private static SyscallResult SetSecureBits(GuestThread thread, SecureBits bits)
    {
        var has = thread.Credentials.Capabilities;
        var locked = (SecureBits)((int)(has.SecureBits & SecureBits.AllLocks) >> 1);
        if ((locked & (bits ^ has.SecureBits)) != 0
            || (has.SecureBits & SecureBits.AllLocks & ~bits) != 0
            || (bits & ~(SecureBits.All | SecureBits.AllLocks)) != 0
            || !thread.Credentials.Has(Capability.CAP_SETPCAP))
            return Errno.EPERM;
        return Set(thread, has with { SecureBits = bits });
    }

    private static SyscallResult Ambient(GuestThread thread, AmbientOption option, ulong capability, ulong c, ulong d)
    {
        var has = thread.Credentials.Capabilities;
        if (option == AmbientOption.PR_CAP_AMBIENT_CLEAR_ALL)
            return (capability | c | d) != 0 ? Errno.EINVAL : Set(thread, has with { Ambient = 0 });
        if ((c | d) != 0 || !Capabilities.IsValid(capability))
            return Errno.EINVAL;
        var bit = 1UL << (int)capability;
        switch (option)
        {
            case AmbientOption.PR_CAP_AMBIENT_IS_SET:
                return (has.Ambient & bit) != 0 ? 1 : 0;
            case AmbientOption.PR_CAP_AMBIENT_RAISE:
                if ((has.Permitted & has.Inheritable & bit) == 0 || has.Has(SecureBits.SECBIT_NO_CAP_AMBIENT_RAISE))
                    return Errno.EPERM;
                return Set(thread, has with { Ambient = has.Ambient | bit });
            case AmbientOption.PR_CAP_AMBIENT_LOWER:
                return Set(thread, has with { Ambient = has.Ambient & ~bit });
            default:
                return Errno.EINVAL;
        }
    }

    private static SyscallResult Set(GuestThread thread, Capabilities changed)
    {
        thread.ChangeCredentials(thread.Credentials with { Capabilities = changed });
        return Errno.None;
    }
}
