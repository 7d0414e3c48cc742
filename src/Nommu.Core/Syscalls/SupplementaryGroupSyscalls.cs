using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>getgroups(2) and setgroups(2).</summary>
[SyscallFamily(SyscallClasses.Creds)]
internal static class SupplementaryGroupSyscalls
{
    /// <summary>Linux: NGROUPS_MAX.</summary>
    private const int Most = 65536;

    [Syscall(115, "getgroups")]
    internal static SyscallResult Getgroups(GuestThread thread, int size, [Out, Elements(nameof(size))] UserPtr<uint> list)
    {
        var groups = thread.Credentials.Groups;
        if (size < 0 || (size > 0 && size < groups.Length))
            return Errno.EINVAL;
        if (size == 0)
            return groups.Length;
        return thread.Memory.Write(list.Address, MemoryMarshal.AsBytes(groups.AsSpan())) is not Errno.None and var error && groups.Length > 0
            ? error
            : groups.Length;
    }

    [Syscall(116, "setgroups")]
    internal static SyscallResult Setgroups(GuestThread thread, int size, [Elements(nameof(size))] UserPtr<uint> list)
    {
        if (!thread.Credentials.Has(Capability.CAP_SETGID))
            return Errno.EPERM;
        if (size is < 0 or > Most)
            return Errno.EINVAL;
        var groups = new uint[size];
        if (size > 0 && thread.Memory.Read(list.Address, MemoryMarshal.AsBytes(groups.AsSpan())) is not Errno.None and var error)
            return error;
        Array.Sort(groups); // as Linux keeps and shows them
        thread.Credentials = thread.Credentials with { Groups = ImmutableCollectionsMarshal.AsImmutableArray(groups) };
        return Errno.None;
    }
}
