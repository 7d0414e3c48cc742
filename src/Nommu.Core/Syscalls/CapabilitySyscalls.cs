using Nommu.Core.Abi;
using Nommu.Core.Memory;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>capget(2) and capset(2). Rights follow from the effective user id alone: root has all of them, nobody else has any, and none can be given up.</summary>
internal static class CapabilitySyscalls
{
    private const uint AllLow = uint.MaxValue;
    private const uint AllHigh = (1u << ((int)Capability.CAP_CHECKPOINT_RESTORE - 31)) - 1;

    [Syscall(125, "capget")]
    internal static SyscallResult Capget(GuestThread thread, UserPtr<CapabilityHeader> header, UserPtr<CapabilityData> data)
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
            if (thread.Memory.Write(data.At(i), Of(credentials, i)) is not Errno.None and var unwritable)
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
        for (var i = 0; i < words; i++)
        {
            if (thread.Memory.Read(data.At(i), out var wanted) is not Errno.None and var unreadable)
                return unreadable;
            var has = Of(thread.Credentials, i);
            if ((wanted.Effective & Known(i), wanted.Permitted & Known(i), wanted.Inheritable & Known(i)) != (has.Effective, has.Permitted, has.Inheritable))
                return Errno.EPERM;
        }
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

    private static uint Known(int word) => word == 0 ? AllLow : AllHigh;

    private static CapabilityData Of(Credentials credentials, int word) => credentials.IsPrivileged ? new CapabilityData(Known(word), Known(word), 0) : default;
}
