using Nommu.Core.Abi;
using Nommu.Core.Fs.Pidfd;
using Nommu.Core.Memory;

namespace Nommu.Core.Processes;

/// <summary>Linux: <c>pidfd_prepare</c>: clone(2) with CLONE_PIDFD has a number for the descriptor before there is a child, which thus does not inherit it.</summary>
internal sealed partial class GuestThread
{
    private const int NoPidfd = -1;

    private Errno ReservePidfd(ulong address, out int fd)
    {
        var reserved = Files.Reserve();
        if (!reserved.TryGet(out fd))
            return reserved.Error;
        var error = Memory.Write(new UserPtr<int>(address), fd);
        if (error != Errno.None)
            Files.GiveBack(fd);
        return error;
    }

    private void InstallPidfd(int fd, GuestThread child, bool isThread) =>
        Files.Install(fd, PidfdFile.Create(Fs.FileSystem, PidReference.Of(child, isThread), PidfdFlags.None), closeOnExec: true);
}
