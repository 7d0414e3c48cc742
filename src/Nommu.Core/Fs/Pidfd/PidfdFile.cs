using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Fs.Pidfd;

/// <summary>Linux: a file of pidfs (pidfd_open(2)): a process or a thread, to be polled for its end.</summary>
internal sealed class PidfdFile(FsPath path, PidReference pid, PidfdFlags flags) : FileDescription(path, OpenFlags.O_RDWR | (OpenFlags)(flags & PidfdFlags.PIDFD_NONBLOCK))
{
    /// <summary>Whose it is.</summary>
    internal PidReference Pid => pid;

    internal static PidfdFile Create(VirtualFileSystem fileSystem, PidReference pid, PidfdFlags flags) =>
        new(fileSystem.Anonymous.Create("anon_inode:[pidfd]", (InodeMode)0x1C0), pid, flags);

    /// <inheritdoc/>
    /// <returns>Readable once it has ended, hung up once it has been waited for.</returns>
    public override PollEvents Poll(PollTable? table)
    {
        table?.Add(pid.Process.ThreadGone);
        lock (pid.Process.Tasks.Lock)
        {
            if (!pid.HasEndedLocked)
                return PollEvents.None;
            return PollEvents.POLLIN | PollEvents.POLLRDNORM | (pid.ExistsLocked ? PollEvents.None : PollEvents.POLLHUP);
        }
    }

    /// <inheritdoc/>
    internal override void ShowInfo(SeqText text)
    {
        int id;
        lock (pid.Process.Tasks.Lock)
            id = pid.ExistsLocked ? pid.Id : -1;
        text.Add($"Pid:\t{id}\nNSpid:\t{id}\n");
    }
}
