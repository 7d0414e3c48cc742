using System.Buffers;
using Nommu.Core.Abi;

namespace Nommu.Core.Drivers.Tty;

/// <summary>
/// Linux: N_TTY. What stands between a keyboard and a program that reads: editing of lines, echo, signals, flow control (termios(3)). Knows nothing of locks, processes or devices.
/// </summary>
/// <remarks>Differs: how many columns an erased tab goes back is as on Linux when the line began at a known column; where it did not (the line before ended without a newline, or OPOST is off) Linux's count is another.</remarks>
internal sealed partial class LineDiscipline(ITerminalSide terminal)
{
    private readonly InputBuffer _input = new();
    private readonly OutputProcessor _output = new();
    private readonly ArrayBufferWriter<byte> _screen = new();
    private Termios _termios = Termios.Initial;
    private bool _literalNext;
    private int _lineStartColumn;

    internal ref readonly Termios Termios => ref _termios;

    /// <summary>Ctrl-S has been seen and no Ctrl-Q yet.</summary>
    internal bool Stopped { get; private set; }

    private bool Canonical => (_termios.Local & TermiosLocal.ICANON) != 0;

    private bool Echoes => (_termios.Local & TermiosLocal.ECHO) != 0;

    /// <summary>TCSETS. A change of ICANON makes what was typed so far readable.</summary>
    internal void SetTermios(in Termios termios)
    {
        var changed = (_termios.Local ^ termios.Local) & TermiosLocal.ICANON;
        _termios = termios;
        if (changed != 0)
        {
            if (Canonical && _input.Count > 0 && !_input.HasLine)
                _input.FinishLine();
            _input.FinishAll();
            _literalNext = false;
        }
        if ((termios.Input & TermiosInput.IXON) == 0)
            SetStopped(false);
    }

    /// <summary>TCFLSH of the input side.</summary>
    internal void DiscardInput()
    {
        _input.Clear();
        _literalNext = false;
    }

    /// <summary>FIONREAD.</summary>
    internal int Available => Canonical && !_input.HasLine ? 0 : _input.Finished;

    /// <summary>Linux: <c>receive_room</c>: how many bytes may come now. A line that is too long loses what is too much; finished input never does, its sender waits.</summary>
    internal int Room
    {
        get
        {
            var room = InputBuffer.Capacity - 1 - _input.Count;
            return room > 0 ? room : Canonical && !_input.HasLine ? 1 : 0;
        }
    }

    /// <summary>Whether a read would answer now: a line, or in raw mode as many bytes as VMIN and the reader want.</summary>
    /// <param name="wanted">How many the reader asks for; 1 for poll with VTIME.</param>
    internal bool CanRead(int wanted) => Canonical
        ? _input.HasLine
        : _input.Finished >= Math.Max(1, Math.Min(wanted, (int)_termios[TermiosCharacter.VMIN]));

    /// <summary>Takes what there is: at most one line in canonical mode. 0 is the end of the file there.</summary>
    internal int Read(Span<byte> target) => _input.Read(target, Canonical);

    /// <summary>A program's output on its way to the screen.</summary>
    internal void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> screen)
    {
        _output.Process(_termios.Output, bytes, screen);
        if (_input.Editing == 0)
            _lineStartColumn = _output.Column;
    }

    /// <summary>Bytes from the keyboard.</summary>
    internal void Receive(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
            Receive(value);
        FlushEcho();
    }

    private void Receive(byte value)
    {
        var flags = _termios.Input;
        if ((flags & TermiosInput.ISTRIP) != 0)
            value &= 0x7f;
        if ((flags & TermiosInput.IUCLC) != 0 && (_termios.Local & TermiosLocal.IEXTEN) != 0 && OutputProcessor.IsUpper(value))
            value += 32;
        if (_literalNext)
        {
            _literalNext = false;
            Accept(value);
            return;
        }
        if (TakeFlowControl(value) || TakeSignal(value))
            return;
        if (Stopped && (flags & (TermiosInput.IXON | TermiosInput.IXANY)) == (TermiosInput.IXON | TermiosInput.IXANY))
            SetStopped(false);
        var madeNewline = false;
        if (value == '\r')
        {
            if ((flags & TermiosInput.IGNCR) != 0)
                return;
            madeNewline = (flags & TermiosInput.ICRNL) != 0;
            if (madeNewline)
                value = (byte)'\n';
        }
        else if (value == '\n' && (flags & TermiosInput.INLCR) != 0)
        {
            value = (byte)'\r';
        }
        if (!Canonical || !TakeEditing(value))
            Accept(value, plainNewline: madeNewline);
    }

    private bool TakeFlowControl(byte value)
    {
        if ((_termios.Input & TermiosInput.IXON) == 0)
            return false;
        if (Is(value, TermiosCharacter.VSTART))
        {
            SetStopped(false);
            return true;
        }
        if (!Is(value, TermiosCharacter.VSTOP))
            return false;
        SetStopped(true);
        return true;
    }

    private bool TakeSignal(byte value)
    {
        if ((_termios.Local & TermiosLocal.ISIG) == 0)
            return false;
        var signal = Is(value, TermiosCharacter.VINTR) ? 2 : Is(value, TermiosCharacter.VQUIT) ? 3 : Is(value, TermiosCharacter.VSUSP) ? 20 : 0;
        if (signal == 0)
            return false;
        if ((_termios.Local & TermiosLocal.NOFLSH) == 0)
        {
            _input.Clear();
            _screen.Clear();
            terminal.DiscardOutput();
        }
        if ((_termios.Input & TermiosInput.IXON) != 0)
            SetStopped(false);
        if (Echoes)
            EchoVisible(value);
        terminal.Raise(signal);
        return true;
    }

    /// <summary>An ordinary character: into the buffer, and on the screen.</summary>
    /// <param name="value">The character.</param>
    /// <param name="plainNewline">A newline made from a carriage return; in raw mode Linux echoes that one as it is, a typed one as ^J.</param>
    private void Accept(byte value, bool plainNewline = false)
    {
        var last = Canonical && _input.Count >= InputBuffer.Capacity - 1;
        if (last || !_input.TryAdd(value))
        {
            if ((_termios.Input & TermiosInput.IMAXBEL) != 0)
                Put(7);
            return;
        }
        if (Echoes)
        {
            if (_input.Editing == 1)
                _lineStartColumn = _output.Column;
            if (plainNewline)
                Put(value);
            else
                EchoVisible(value);
        }
        if (!Canonical)
            _input.FinishAll();
    }

    private void SetStopped(bool stopped)
    {
        if (Stopped == stopped)
            return;
        Stopped = stopped;
        terminal.FlowChanged(stopped);
    }

    private bool Is(byte value, TermiosCharacter which) => value != 0 && _termios[which] == value;
}
