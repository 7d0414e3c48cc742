using Nommu.Core.Abi;
using Nommu.Core.Drivers.Host;
using Nommu.Core.Drivers.Tty;
using Nommu.Core.Fs;
using Nommu.Core.Fs.Pipes;

namespace Nommu.Core.Processes;

/// <summary>Descriptors 0 to 2 of a process that the host starts.</summary>
internal sealed class StandardStreams(Machine machine, FsContext fs, FileDescriptorTable files)
{
    private readonly Stream?[] _hostEnds = new Stream?[3];
    private GuestTerminal? _terminal;

    /// <summary>Opens them as asked.</summary>
    /// <exception cref="GuestException">A stream can't be opened.</exception>
    internal void Open(GuestProcessStartInfo info)
    {
        _terminal = info.Terminal;
        Add(0, info.StandardInput);
        Add(1, info.StandardOutput);
        Add(2, info.StandardError);
    }

    /// <summary>Gives the process its host's ends, and its terminal.</summary>
    internal void Attach(GuestProcess process)
    {
        process.SetStreams(_hostEnds[0], _hostEnds[1], _hostEnds[2]);
        _ = _terminal?.Control(process);
    }

    /// <summary>The process has not come to be.</summary>
    internal void Abandon()
    {
        foreach (var end in _hostEnds)
            end?.Dispose();
    }

    private void Add(int descriptor, GuestStandardStream kind)
    {
        var opened = Open(descriptor, kind);
        if (!opened.TryGet(out var file))
            throw ProcessStart.Failure($"standard stream {descriptor}", opened.Error);
        _ = files.Add(file, closeOnExec: false);
    }

    private Result<FileDescription> Open(int descriptor, GuestStandardStream kind)
    {
        if (_terminal is { } terminal)
            return descriptor == 0 ? terminal.Open() : files.Get(0).File!.Retain();
        return kind switch
        {
            GuestStandardStream.Pipe => OpenPipe(descriptor),
            GuestStandardStream.Host => HostStreamDevice.Open(machine.FileSystem, descriptor),
            _ => FileOpening.Open(new FsCaller(fs, Credentials.Root), fs.Root, "/dev/null"u8, OpenFlags.O_RDWR, default),
        };
    }

    private PipeFile OpenPipe(int descriptor)
    {
        var (reader, writer) = PipeFile.CreatePair(machine.FileSystem.Anonymous.Create("pipe", InodeMode.S_IFIFO | (InodeMode)0x180), OpenFlags.O_RDONLY);
        _hostEnds[descriptor] = new HostSideStream(descriptor == 0 ? writer : reader);
        return descriptor == 0 ? reader : writer;
    }
}
