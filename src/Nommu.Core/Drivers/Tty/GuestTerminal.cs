using Nommu.Core.Abi;
using Nommu.Core.Fs;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>A terminal of a guest with the host at its other end: what a person types goes in, what belongs on the screen comes out. Disposing of it hangs up.</summary>
/// <remarks>Line editing, echo, signals of the keyboard and job control are the guest's business, as on Linux; the host moves bytes.</remarks>
public sealed class GuestTerminal : IDisposable
{
    private readonly Tty _tty;
    private readonly VirtualFileSystem _files;
    private readonly HostSideStream _stream;

    internal GuestTerminal(Tty tty, VirtualFileSystem files)
    {
        (_tty, _files) = (tty, files);
        _stream = new HostSideStream(new TtyMasterFile(tty, files.Anonymous.Create("ptmx", InodeMode.S_IFCHR), OpenFlags.O_RDWR));
        Name = tty.IsPseudo ? $"/dev/pts/{tty.Number.Minor}" : "/dev/console";
    }

    /// <summary>Its name in the guest.</summary>
    public string Name { get; }

    /// <summary>The keyboard: what is written here is typed. A write waits while the guest is behind with reading.</summary>
    public Stream Input => _stream;

    /// <summary>The screen: text and control sequences. The guest's writes wait while nobody reads here. Ends when no process has the terminal open any more; the console never does.</summary>
    public Stream Output => _stream;

    /// <summary>Says how large the screen is; programs in the foreground hear of a change (SIGWINCH).</summary>
    /// <param name="columns">Characters in a line.</param>
    /// <param name="rows">Lines.</param>
    public void Resize(int columns, int rows) => _tty.Resize(new Winsize((ushort)Math.Clamp(rows, 0, ushort.MaxValue), (ushort)Math.Clamp(columns, 0, ushort.MaxValue), 0, 0));

    /// <summary>Breaks the connection, as a modem does: the session gets SIGHUP and loses the terminal, and what is open on it now can't be used any more.</summary>
    public void HangUp() => _tty.HangUp();

    /// <summary>Hangs up for good. The console goes on without anybody at it, and may be connected again.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>The guest's side of it, for a process's descriptors.</summary>
    internal Result<FileDescription> Open()
    {
        if (_tty.IsPseudo)
            return SlaveOpening.Open(_tty, _files, OpenFlags.O_RDWR, thread: null);
        var place = _files.Anonymous.Place(new SpecialInode(_files.Anonymous, 1, InodeMode.S_IFCHR | (InodeMode)0x180, 0, 0, _tty.Number), "/dev/ttyS0");
        return TtyFile.Open(_tty, new OpenRequest(place, OpenFlags.O_RDWR), mayControl: false);
    }

    /// <summary>Makes it the controlling terminal of a session that has none yet.</summary>
    internal Errno Control(GuestProcess leader) => _tty.SetControlling(leader, steal: true);

    /// <summary>Whom the keyboard's signals reach.</summary>
    internal ProcessGroup? ForegroundGroup => _tty.ForegroundGroup;

    /// <summary>Types the character that means the end of the file, where somebody reads by lines.</summary>
    internal void TypeEndOfFile() => _tty.TypeEndOfFile();
}
