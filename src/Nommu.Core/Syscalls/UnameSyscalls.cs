using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>What the machine is called: uname(2), sethostname(2), setdomainname(2). gethostname(2) is uname(2) in a library.</summary>
internal static class UnameSyscalls
{
    [Syscall(63, "uname")]
    internal static SyscallResult Uname(GuestThread thread, [Out] UserPtr<Utsname> name)
    {
        var uts = thread.Uts;
        lock (uts)
        {
            return thread.Memory.Write(name, new Utsname
            {
                SystemName = UtsnameField.From(UtsNamespace.SystemName),
                NodeName = uts.NodeName,
                Release = UtsnameField.From(UtsNamespace.Release),
                Version = UtsnameField.From(uts.Version),
                // Linux: override_architecture: to what says it is a 32-bit program, so is the machine.
                Machine = (byte)thread.Attributes.Personality == (byte)Personality.PER_LINUX32 ? UtsnameField.From("i686") : UtsnameField.From(UtsNamespace.MachineName),
                DomainName = uts.DomainName,
            });
        }
    }

    [Syscall(170, "sethostname")]
    internal static SyscallResult Sethostname(GuestThread thread, ulong name, int length) => SetName(thread, name, length, isDomain: false);

    [Syscall(171, "setdomainname")]
    internal static SyscallResult Setdomainname(GuestThread thread, ulong name, int length) => SetName(thread, name, length, isDomain: true);

    private static Errno SetName(GuestThread thread, ulong address, int length, bool isDomain)
    {
        if (!thread.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;
        if (length is < 0 or >= UtsnameField.Size)
            return Errno.EINVAL;
        var field = default(UtsnameField);
        if (length > 0 && thread.Memory.Read(address, ((Span<byte>)field)[..length]) is not Errno.None and var error)
            return error;
        var uts = thread.Uts;
        lock (uts)
        {
            if (isDomain)
                uts.DomainName = field;
            else
                uts.NodeName = field;
        }
        return Errno.None;
    }
}
