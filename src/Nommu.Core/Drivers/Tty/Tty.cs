using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>
/// Linux: <c>struct tty_struct</c> with its <c>tty_port</c>. A terminal as programs have it open, with a queue of bytes for the screen that its other end (<see cref="TtyMasterFile"/>) takes from.
/// Differs: a pair of pseudo-terminals is one such object, and so is the console, whose other end is in the host's hands.
/// </summary>
/// <remarks>Lock order: <see cref="TaskTable.Lock"/>, then <see cref="Lock"/>, then wait queues. Session and foreground group are guarded by the task table's lock, the rest by the terminal's own.</remarks>
internal sealed partial class Tty : ITerminalSide, IControllingTerminal
{
    private readonly LineDiscipline _line;
    private readonly TaskTable _tasks;
    private int _opens;
    private int _masters;
    private bool _wasOpen;
    private volatile int _hangUps;
    private Winsize _size;

    internal Tty(TaskTable tasks, TimeProvider clock, DeviceNumber number, bool isPseudo)
    {
        _tasks = tasks;
        Clock = clock;
        Number = number;
        IsPseudo = isPseudo;
        _line = new LineDiscipline(this);
        if (!isPseudo)
            return;
        var termios = _line.Termios;
        termios.Control &= ~(uint)TermiosControl.HUPCL; // pty.c: there is no line to hang up
        _line.SetTermios(termios);
    }

    internal Lock Lock { get; } = new();

    internal TimeProvider Clock { get; }

    /// <inheritdoc/>
    public DeviceNumber Number { get; }

    /// <summary>The slave of a pair, which ends with its master.</summary>
    internal bool IsPseudo { get; }

    /// <summary>TIOCSPTLCK: the slave can't be opened yet.</summary>
    internal bool IsLocked { get; set; }

    /// <summary>TIOCEXCL: nobody but root opens it again.</summary>
    internal bool IsExclusive { get; set; }

    /// <summary>Where the machine's console is redirected to.</summary>
    internal required ConsoleRedirection Redirection { get; init; }

    /// <summary>Told when both ends of a pair are closed.</summary>
    internal Action? Unused { get; init; }

    /// <summary>Told when a pair's master is closed.</summary>
    internal Action? MasterGone { get; init; }

    /// <summary>Woken when input has come, and with every change of state. Programs wait here.</summary>
    internal WaitQueue InputQueue { get; } = new();

    /// <summary>Woken when there is room for output.</summary>
    internal WaitQueue RoomQueue { get; } = new();

    /// <summary>How often it was hung up: a file that was opened before is dead.</summary>
    internal int HangUps => _hangUps;

    /// <summary>Nobody is at the other end of a pair any more.</summary>
    internal bool IsMasterClosed { get; private set; }

    /// <summary>Linux: TTY_OTHER_CLOSED of the master: programs had it open, and none has now.</summary>
    internal bool IsDeserted => IsPseudo && _wasOpen && _opens == 0;

    /// <summary>Counts an open file of a program.</summary>
    internal Errno AddOpen(bool isPrivileged)
    {
        lock (Lock)
        {
            if (IsLocked || IsMasterClosed)
                return Errno.EIO;
            if (IsExclusive && !isPrivileged)
                return Errno.EBUSY;
            _opens++;
            _wasOpen = true;
            return Errno.None;
        }
    }

    internal void RemoveOpen()
    {
        bool unused;
        lock (Lock)
        {
            if (--_opens == 0)
                IsExclusive = false;
            unused = IsPseudo && _opens == 0 && IsMasterClosed;
        }
        ScreenQueue.Wake();
        if (unused)
            Unused?.Invoke();
    }

    /// <summary>Counts somebody at the other end.</summary>
    internal void AddMaster()
    {
        lock (Lock)
            _masters++;
    }

    internal void RemoveMaster()
    {
        bool unused;
        lock (Lock)
        {
            if (--_masters > 0 || !IsPseudo)
                return;
            IsMasterClosed = true;
            _screen.Clear();
            unused = _opens == 0;
        }
        MasterGone?.Invoke();
        HangUp();
        if (unused)
            Unused?.Invoke();
    }

    internal Winsize Size
    {
        get
        {
            lock (Lock)
                return _size;
        }
    }

    /// <summary>Linux: <c>tty_do_resize</c>. The foreground group hears of a change.</summary>
    internal void Resize(Winsize size)
    {
        lock (Lock)
        {
            if (_size == size)
                return;
            _size = size;
        }
        Send(Signal.SIGWINCH);
    }

    private void WakeAll()
    {
        InputQueue.Wake();
        RoomQueue.Wake();
        ScreenQueue.Wake();
        KeyboardQueue.Wake();
    }
}
