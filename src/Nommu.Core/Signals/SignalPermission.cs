using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Signals;

/// <summary>Linux: <c>check_kill_permission</c>. Who may send what to whom (kill(2)).</summary>
internal static class SignalPermission
{
    internal static Errno Check(GuestThread sender, GuestProcess target, Signal signal)
    {
        if (!IsSignalOrNone(signal))
            return Errno.EINVAL;
        if (sender.Process == target || target.MainCredentials is not { } theirs || HasRight(sender.Credentials, theirs))
            return Errno.None;
        return signal == Signal.SIGCONT && sender.Process.Group.Session == target.Group.Session ? Errno.None : Errno.EPERM;
    }

    internal static bool IsSignalOrNone(Signal signal) => signal is >= Signal.None and <= Signal.SIGRTMAX;

    private static bool HasRight(Credentials mine, Credentials theirs) =>
        mine.Has(Capability.CAP_KILL) || mine.Euid == theirs.Suid || mine.Euid == theirs.Uid || mine.Uid == theirs.Suid || mine.Uid == theirs.Uid;
}
