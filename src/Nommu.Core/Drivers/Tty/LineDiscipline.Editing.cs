using System.Buffers;
using Nommu.Core.Abi;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Canonical mode: erasing, ends of lines, and what the screen shows of it.</summary>
internal sealed partial class LineDiscipline
{
    private bool TakeEditing(byte value)
    {
        var extended = (_termios.Local & TermiosLocal.IEXTEN) != 0;
        if (Is(value, TermiosCharacter.VERASE) || Is(value, TermiosCharacter.VKILL) || (extended && Is(value, TermiosCharacter.VWERASE)))
        {
            Erase(value);
            return true;
        }
        if (extended && Is(value, TermiosCharacter.VLNEXT))
        {
            _literalNext = true;
            if (Echoes && (_termios.Local & TermiosLocal.ECHOCTL) != 0)
                PutRaw("^\b"u8);
            return true;
        }
        if (extended && Is(value, TermiosCharacter.VREPRINT) && Echoes)
        {
            EchoVisible(value);
            Put((byte)'\n');
            for (var i = 0; i < _input.Editing; i++)
                EchoVisible(_input[i]);
            return true;
        }
        if (value == '\n')
        {
            if ((_termios.Local & (TermiosLocal.ECHO | TermiosLocal.ECHONL)) != 0)
                Put(value);
            EndLine(value, endOfFile: false);
            return true;
        }
        if (Is(value, TermiosCharacter.VEOF))
        {
            EndLine(0, endOfFile: true);
            return true;
        }
        if (!Is(value, TermiosCharacter.VEOL) && !(extended && Is(value, TermiosCharacter.VEOL2)))
            return false;
        if (Echoes)
            EchoVisible(value);
        EndLine(value, endOfFile: false);
        return true;
    }

    private void EndLine(byte value, bool endOfFile)
    {
        if (_input.TryAdd(value))
            _input.FinishLine(endOfFile);
    }

    /// <summary>Linux: <c>eraser</c>. One character, one word, or the line.</summary>
    private void Erase(byte value)
    {
        if (_input.Editing == 0)
            return;
        var word = !Is(value, TermiosCharacter.VERASE) && !Is(value, TermiosCharacter.VKILL);
        var line = Is(value, TermiosCharacter.VKILL) && !Is(value, TermiosCharacter.VERASE);
        var local = _termios.Local;
        const TermiosLocal Visible = TermiosLocal.ECHOK | TermiosLocal.ECHOKE | TermiosLocal.ECHOE;
        if (line && (!Echoes || (local & Visible) != Visible))
        {
            while (_input.Editing > 0)
                _input.RemoveLast();
            if (Echoes)
            {
                EchoVisible(value);
                if ((local & TermiosLocal.ECHOK) != 0)
                    Put((byte)'\n');
            }
            return;
        }
        var seenWord = false;
        while (_input.Editing > 0)
        {
            var last = _input.Last;
            if (word)
            {
                var inWord = char.IsAsciiDigit((char)last) || OutputProcessor.IsLower(last) || OutputProcessor.IsUpper(last) || last == '_';
                if (inWord)
                    seenWord = true;
                else if (seenWord)
                    return;
            }
            var continuation = (_termios.Input & TermiosInput.IUTF8) != 0 && (last & 0xc0) == 0x80;
            _input.RemoveLast();
            if (continuation && _input.Editing > 0)
            {
                // The screen shows one character for all its bytes; the first of them is erased with the echo below.
                while (_input.Editing > 1 && (_input.Last & 0xc0) == 0x80)
                    _input.RemoveLast();
                last = _input.Last;
                _input.RemoveLast();
            }
            if (Echoes)
                EchoErased(value, last);
            if (!word && !line)
                return;
        }
    }

    private void EchoErased(byte eraser, byte erased)
    {
        if ((_termios.Local & TermiosLocal.ECHOE) == 0 && Is(eraser, TermiosCharacter.VERASE))
        {
            EchoVisible(eraser);
            return;
        }
        if (erased == '\t')
        {
            var column = _lineStartColumn;
            for (var i = 0; i < _input.Editing; i++)
                column = _input[i] == '\t' ? (column | 7) + 1 : column + Width(_input[i]);
            for (var target = (column | 7) + 1; target > column; target--)
                Put((byte)'\b');
            return;
        }
        for (var i = Width(erased); i > 0; i--)
        {
            PutRaw("\b \b"u8);
            _output.Back();
        }
    }

    /// <summary>Columns that <see cref="EchoVisible"/> gives a character; continuation bytes of UTF-8 take none.</summary>
    private int Width(byte value) => value < 32 || value == 127
        ? (_termios.Local & TermiosLocal.ECHOCTL) != 0 ? 2 : 0
        : (_termios.Input & TermiosInput.IUTF8) != 0 && (value & 0xc0) == 0x80 ? 0 : 1;

    /// <summary>Linux: <c>echo_char</c>. Control characters as ^X under ECHOCTL, but for tab.</summary>
    private void EchoVisible(byte value)
    {
        if ((_termios.Local & TermiosLocal.ECHOCTL) != 0 && (value < 32 || value == 127) && value != '\t')
        {
            PutRaw([(byte)'^', (byte)(value ^ 0x40)]);
            _output.Forward(2);
            return;
        }
        Put(value);
    }

    private void Put(byte value) => _output.Process(_termios.Output, value, _screen);

    private void PutRaw(ReadOnlySpan<byte> bytes) => _screen.Write(bytes);

    private void FlushEcho()
    {
        if (_screen.WrittenCount == 0)
            return;
        terminal.Echo(_screen.WrittenSpan);
        _screen.Clear();
    }
}
