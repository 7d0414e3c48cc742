using System.Buffers;
using Nommu.Core.Abi;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: <c>do_output_char</c> of N_TTY. What a program writes on its way to the screen (termios(3), OPOST), and the column that leaves the cursor in.</summary>
internal sealed class OutputProcessor
{
    /// <summary>Where the cursor is, as far as bytes tell: from 0.</summary>
    internal int Column { get; private set; }

    /// <summary>Letters as Linux's lib/ctype.c knows them: those of Latin-1.</summary>
    internal static bool IsLower(byte value) => value is >= (byte)'a' and <= (byte)'z' or >= 0xdf and not 0xf7;

    internal static bool IsUpper(byte value) => value is >= (byte)'A' and <= (byte)'Z' or >= 0xc0 and <= 0xde and not 0xd7;

    /// <summary>Characters have been shown past this processor.</summary>
    internal void Forward(int columns) => Column += columns;

    /// <summary>An erased character has moved the cursor back.</summary>
    internal void Back() => Column = Math.Max(0, Column - 1);

    internal void Process(TermiosOutput flags, ReadOnlySpan<byte> bytes, IBufferWriter<byte> screen)
    {
        foreach (var value in bytes)
            Process(flags, value, screen);
    }

    internal void Process(TermiosOutput flags, byte value, IBufferWriter<byte> screen)
    {
        if ((flags & TermiosOutput.OPOST) == 0)
        {
            screen.Write([value]);
            return;
        }
        switch (value)
        {
            case (byte)'\n':
                if ((flags & TermiosOutput.ONLRET) != 0)
                    Column = 0;
                if ((flags & TermiosOutput.ONLCR) != 0)
                {
                    Column = 0;
                    screen.Write("\r\n"u8);
                    return;
                }
                break;
            case (byte)'\r':
                if ((flags & TermiosOutput.ONOCR) != 0 && Column == 0)
                    return;
                if ((flags & TermiosOutput.OCRNL) != 0)
                {
                    value = (byte)'\n';
                    if ((flags & TermiosOutput.ONLRET) != 0)
                        Column = 0;
                    break;
                }
                Column = 0;
                break;
            case (byte)'\t':
                var spaces = 8 - (Column & 7);
                Column += spaces;
                if ((flags & TermiosOutput.TABDLY) == TermiosOutput.TABDLY)
                {
                    screen.Write("        "u8[..spaces]);
                    return;
                }
                break;
            case (byte)'\b':
                if (Column > 0)
                    Column--;
                break;
            default:
                if ((flags & TermiosOutput.OLCUC) != 0 && IsLower(value))
                    value -= 32;
                if (value >= 32 && value != 127)
                    Column++;
                break;
        }
        screen.Write([value]);
    }
}
