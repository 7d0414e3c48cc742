using System.Text;
using Nommu.Core.Abi;

namespace Nommu.Core.Host;

/// <summary>What the host's lstat(2) says of a file, in the host's own <c>struct stat</c>, which is the guest's.</summary>
internal static unsafe class HostFileStatus
{
    private const int SYS_lstat = 6;

    /// <returns>False when there is no such file.</returns>
    internal static bool TryRead(string path, out Stat status)
    {
        Stat found;
        bool ok;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            ok = HostCalls.syscall(SYS_lstat, (nint)name, (nint)(&found), 0, 0, 0, 0) == 0;
        status = found;
        return ok;
    }
}
