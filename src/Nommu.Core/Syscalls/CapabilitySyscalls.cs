using System.Runtime.InteropServices;
using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;
using Nommu.Core.Syscalls.Tracing;

namespace Nommu.Core.Syscalls;

/// <summary>capget(2) and capset(2).</summary>
[SyscallFamily(SyscallClasses.Creds)]
internal static class CapabilitySyscalls
{
    [Syscall(125, "capget")]
    internal static SyscallResult Capget(GuestThread thread, UserPtr<CapabilityHeader> header, [Out] UserPtr<CapabilityData> data)
    {
        if (ReadHeader(thread, header, out var pid, out var words) is not Errno.None and var error)
            return data.IsNull && error == Errno.EINVAL ? Errno.None : error; // so is a version asked for
        if (pid < 0)
            return Errno.EINVAL;
        Credentials credentials;
        lock (thread.Process.Tasks.Lock)
        {
            var target = pid == 0 ? thread : thread.Process.Tasks.FindThread(thread, pid);
            if (target is null)
                return Errno.ESRCH;
            credentials = target.Credentials;
        }
        for (var i = 0; i < words; i++)
        {
            if (thread.Memory.Write(data.At(i), Word(credentials.Capabilities, i)) is not Errno.None and var unwritable)
                return unwritable;
        }
        return Errno.None;
    }

    [Syscall(126, "capset")]
    internal static SyscallResult Capset(GuestThread thread, UserPtr<CapabilityHeader> header, UserPtr<CapabilityData> data)
    {
        if (ReadHeader(thread, header, out var pid, out var words) is not Errno.None and var error)
            return error;
        if (pid != 0 && pid != thread.Id)
            return Errno.EPERM;
        ulong effective = 0, permitted = 0, inheritable = 0;
        for (var i = 0; i < words; i++)
        {
            if (thread.Memory.Read(data.At(i), out var word) is not Errno.None and var unreadable)
                return unreadable;
            effective |= (ulong)word.Effective << (32 * i);
            permitted |= (ulong)word.Permitted << (32 * i);
            inheritable |= (ulong)word.Inheritable << (32 * i);
        }
        var old = thread.Credentials;
        var changed = old.Capabilities.With(effective & Capabilities.All, permitted & Capabilities.All, inheritable & Capabilities.All, old.Has(Capability.CAP_SETPCAP));
        if (changed is null)
            return Errno.EPERM;
        thread.ChangeCredentials(old with { Capabilities = changed });
        return Errno.None;
    }

    /// <summary>An unknown version is EINVAL, and is answered with the one to use.</summary>
    private static Errno ReadHeader(GuestThread thread, UserPtr<CapabilityHeader> address, out int pid, out int words)
    {
        (pid, words) = (0, 0);
        if (thread.Memory.Read(address, out var header) is not Errno.None and var error)
            return error;
        pid = header.Pid;
        switch (header.Version)
        {
            case CapabilityHeader._LINUX_CAPABILITY_VERSION_1:
                words = 1;
                return Errno.None;
            case CapabilityHeader._LINUX_CAPABILITY_VERSION_2 or CapabilityHeader._LINUX_CAPABILITY_VERSION_3:
                words = 2;
                return Errno.None;
            default:
                var known = header with { Version = CapabilityHeader._LINUX_CAPABILITY_VERSION_3 };
                return thread.Memory.Write(address, known) is not Errno.None and var unwritable ? unwritable : Errno.EINVAL;
        }
    }

    private static CapabilityData Word(Capabilities has, int index) => new((uint)(has.Effective >> (32 * index)), (uint)(has.Permitted >> (32 * index)), (uint)(has.Inheritable >> (32 * index)));
}
