using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Syscalls;

/// <summary>Linux: <c>copy_msghdr_from_user</c>.</summary>
internal static class UserSocketMessage
{
    /// <returns>EMSGSIZE for more pieces than IOV_MAX.</returns>
    internal static Errno CheckVector(in Msghdr header) => header.IovLength > GuestThread.MaximumIovecs ? Errno.EMSGSIZE : Errno.None;
}
