using Nommu.Core.Abi;
using Nommu.Core.Processes;

namespace Nommu.Core.Drivers.Tty;

/// <summary>From the keyboard to the program.</summary>
internal sealed partial class Tty
{
    /// <summary>How much the keyboard's side may be ahead of a line discipline that is full.</summary>
    private const int KeyboardLimit = 4096;

    private readonly ByteQueue _keyboard = new(KeyboardLimit);

    /// <summary>Woken when there is room for what is typed.</summary>
    internal WaitQueue KeyboardQueue { get; } = new();

    /// <summary>Takes what was typed.</summary>
    /// <returns>How much of it there was room for.</returns>
    internal int Type(ReadOnlySpan<byte> bytes)
    {
        int taken;
        lock (Lock)
        {
            taken = Math.Min(bytes.Length, _keyboard.Room);
            _keyboard.Write(bytes[..taken]);
            Feed();
        }
        SendRaised();
        return taken;
    }

    internal bool CanType => _keyboard.Room > 0;

    /// <summary>TIOCSTI: past the queue, as if typed.</summary>
    internal void Insert(byte value)
    {
        lock (Lock)
            _line.Receive([value]);
        SendRaised();
        InputQueue.Wake();
    }

    /// <summary>The keyboard's side has no more: behind what it has typed comes the character that says so.</summary>
    internal void TypeEndOfFile()
    {
        lock (Lock)
        {
            _keyboard.Write([_line.Termios[TermiosCharacter.VEOF]]);
            Feed();
        }
        SendRaised();
    }

    /// <summary>The typed characters' settings.</summary>
    internal ref readonly Termios Termios => ref _line.Termios;

    internal LineDiscipline Line => _line;

    /// <summary>FIONREAD.</summary>
    internal int Available
    {
        get
        {
            lock (Lock)
                return _line.Available;
        }
    }

    /// <summary>Takes what the line discipline has; under the lock, and with <see cref="SendRaised"/> after it.</summary>
    internal int TakeInput(Span<byte> target)
    {
        var taken = _line.Read(target);
        Feed();
        return taken;
    }

    /// <summary>TCFLSH of the input side.</summary>
    internal void FlushInput()
    {
        lock (Lock)
        {
            _line.DiscardInput();
            _keyboard.Clear();
            _packet |= TerminalPacket.TIOCPKT_FLUSHREAD;
        }
        WakeAll();
    }

    /// <summary>TCFLSH of the master's output: what the line discipline has not seen yet.</summary>
    internal void FlushKeyboard()
    {
        lock (Lock)
            _keyboard.Clear();
        KeyboardQueue.Wake();
    }

    /// <summary>Moves on what the line discipline has room for.</summary>
    private void Feed()
    {
        if (_keyboard.Count == 0)
            return;
        Span<byte> piece = stackalloc byte[256];
        while (_line.Room is > 0 and var room && _keyboard.Read(piece[..Math.Min(room, piece.Length)]) is > 0 and var count)
            _line.Receive(piece[..count]);
        InputQueue.Wake();
        KeyboardQueue.Wake();
    }
}
