using System.Buffers;
using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>From the program to the screen.</summary>
internal sealed partial class Tty
{
    private const int ScreenLimit = 64 * 1024;

    /// <summary>Echo may go above the limit by this much; what is more is lost, as Linux's echo buffer loses it.</summary>
    private const int EchoAllowance = 4096;

    /// <summary>The most columns that one character becomes: a tab.</summary>
    private const int Expansion = 8;

    private readonly ByteQueue _screen = new(ScreenLimit);
    private readonly ArrayBufferWriter<byte> _processed = new();
    private TerminalPacket _packet;
    private bool _heldByProgram;
    private uint _customSpeed = 38400;

    /// <summary>Woken when there is something for the screen, and when programs come and go. The other end waits here.</summary>
    internal WaitQueue ScreenQueue { get; } = new();

    private bool IsHeld => _heldByProgram || _line.Stopped;

    /// <summary>Room for output that is worth waking for; under the lock.</summary>
    internal bool CanWrite => !IsHeld && (_screen.Room >= Expansion || Discards);

    /// <summary>TIOCOUTQ. A pair's other end is memory, where nothing counts as on its way.</summary>
    internal int Unsent
    {
        get
        {
            lock (Lock)
                return IsPseudo ? 0 : _screen.Count;
        }
    }

    /// <summary>A console nobody looks at loses its oldest lines rather than stop its programs.</summary>
    private bool Discards => !IsPseudo && _masters == 0;

    /// <summary>How many bytes <see cref="Write"/> would take for certain, of so many; under the lock.</summary>
    internal int CertainRoom(int wanted) => IsHeld ? 0 : Discards ? wanted : Math.Min(wanted, _screen.Room / Expansion);

    /// <summary>Processes output, as much as there is room for; under the lock.</summary>
    /// <returns>How many of the bytes were taken.</returns>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        var taken = CertainRoom(bytes.Length);
        if (taken == 0)
            return 0;
        _line.Write(bytes[..taken], _processed);
        Show(_processed.WrittenSpan);
        _processed.Clear();
        return taken;
    }

    /// <summary>What the kernel itself has to say goes to the screen past the program's settings, and is lost where there is no room.</summary>
    internal void Print(ReadOnlySpan<byte> line)
    {
        lock (Lock)
        {
            Echo(line);
            Echo("\r\n"u8);
        }
    }

    /// <summary>Takes what is for the screen.</summary>
    internal int TakeScreen(Span<byte> target)
    {
        int count;
        lock (Lock)
            count = _screen.Read(target);
        if (count > 0)
            RoomQueue.Wake();
        return count;
    }

    /// <summary>FIONREAD of the other end.</summary>
    internal int ScreenCount => _screen.Count;

    /// <summary>What packet mode has to tell; under the lock.</summary>
    internal TerminalPacket PacketStatus => _packet;

    internal TerminalPacket TakePacketStatus()
    {
        var status = _packet;
        _packet = 0;
        return status;
    }

    /// <summary>TCFLSH of the output side.</summary>
    internal void FlushOutput()
    {
        lock (Lock)
        {
            _screen.Clear();
            _packet |= TerminalPacket.TIOCPKT_FLUSHWRITE;
        }
        WakeAll();
    }

    /// <summary>TCOOFF and TCOON.</summary>
    internal void Hold(bool held)
    {
        lock (Lock)
        {
            if (_heldByProgram == held)
                return;
            _heldByProgram = held;
            FlowChanged(held);
        }
    }

    /// <summary>TCIOFF and TCION: a character that asks the other side to stop or go on.</summary>
    internal void Send(TermiosCharacter which)
    {
        lock (Lock)
        {
            if (_line.Termios[which] is not 0 and var value)
                Show([value]);
        }
    }

    /// <summary>TCGETS2.</summary>
    internal Termios2 Settings
    {
        get
        {
            lock (Lock)
                return TermiosSpeed.Expand(_line.Termios, _customSpeed);
        }
    }

    /// <summary>TCSETS and its kin.</summary>
    /// <param name="termios">Settings.</param>
    /// <param name="speed">The speed of BOTHER, where the caller can say it.</param>
    internal void SetSettings(Termios termios, uint? speed = null)
    {
        lock (Lock)
        {
            _customSpeed = speed ?? _customSpeed;
            if (IsPseudo)
                termios.Control = (termios.Control & ~(uint)(TermiosControl.CSIZE | TermiosControl.PARENB)) | (uint)(TermiosControl.CS8 | TermiosControl.CREAD);
            var (before, after) = (HasUsualFlowControl(_line.Termios), HasUsualFlowControl(termios));
            if (before != after)
            {
                _packet &= ~(TerminalPacket.TIOCPKT_DOSTOP | TerminalPacket.TIOCPKT_NOSTOP);
                _packet |= after ? TerminalPacket.TIOCPKT_DOSTOP : TerminalPacket.TIOCPKT_NOSTOP;
            }
            _line.SetTermios(termios);
            Feed();
        }
        SendRaised();
        WakeAll();
    }

    private static bool HasUsualFlowControl(in Termios termios) =>
        (termios.Input & TermiosInput.IXON) != 0 && termios[TermiosCharacter.VSTOP] == 19 && termios[TermiosCharacter.VSTART] == 17;

    /// <inheritdoc/>
    public void Echo(ReadOnlySpan<byte> bytes)
    {
        if (Discards || _screen.Count + bytes.Length <= ScreenLimit + EchoAllowance)
            Show(bytes);
    }

    /// <inheritdoc/>
    public void DiscardOutput()
    {
        _screen.Clear();
        _packet |= TerminalPacket.TIOCPKT_FLUSHREAD | TerminalPacket.TIOCPKT_FLUSHWRITE;
        WakeAll();
    }

    /// <inheritdoc/>
    public void FlowChanged(bool stopped)
    {
        _packet &= ~(TerminalPacket.TIOCPKT_STOP | TerminalPacket.TIOCPKT_START);
        _packet |= stopped ? TerminalPacket.TIOCPKT_STOP : TerminalPacket.TIOCPKT_START;
        RoomQueue.Wake();
        ScreenQueue.Wake();
    }

    private void Show(ReadOnlySpan<byte> bytes)
    {
        _screen.Write(bytes);
        if (Discards && _screen.Count > ScreenLimit)
            _screen.Drop(_screen.Count - ScreenLimit);
        ScreenQueue.Wake();
    }
}
