using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: c_iflag of termios(3), x86-64 values.</summary>
[Flags]
internal enum TermiosInput : uint
{
    IGNBRK = 0x1, BRKINT = 0x2, IGNPAR = 0x4, PARMRK = 0x8, INPCK = 0x10, ISTRIP = 0x20, INLCR = 0x40, IGNCR = 0x80, ICRNL = 0x100,
    IUCLC = 0x200, IXON = 0x400, IXANY = 0x800, IXOFF = 0x1000, IMAXBEL = 0x2000, IUTF8 = 0x4000,
}

/// <summary>Linux: c_oflag of termios(3).</summary>
[Flags]
internal enum TermiosOutput : uint
{
    OPOST = 0x1, OLCUC = 0x2, ONLCR = 0x4, OCRNL = 0x8, ONOCR = 0x10, ONLRET = 0x20, TABDLY = 0x1800,
}

/// <summary>Linux: c_lflag of termios(3).</summary>
[Flags]
internal enum TermiosLocal : uint
{
    ISIG = 0x1, ICANON = 0x2, ECHO = 0x8, ECHOE = 0x10, ECHOK = 0x20, ECHONL = 0x40, NOFLSH = 0x80, TOSTOP = 0x100, ECHOCTL = 0x200,
    ECHOPRT = 0x400, ECHOKE = 0x800, FLUSHO = 0x1000, PENDIN = 0x4000, IEXTEN = 0x8000, EXTPROC = 0x10000,
}

/// <summary>Linux: places in c_cc (termios(3)).</summary>
internal enum TermiosCharacter
{
    VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP, VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2,
}

/// <summary>Linux: the control characters of <c>struct termios</c>; 0 means "none".</summary>
[InlineArray(19)]
internal struct TermiosCharacters
{
    private byte _first;
}

/// <summary>Linux: the kernel's <c>struct termios</c> (asm-generic/termbits.h), 36 bytes: what TCGETS and TCSETS move.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Termios
{
    internal TermiosInput Input;
    internal TermiosOutput Output;
    internal uint Control;
    internal TermiosLocal Local;
    internal byte Line;
    internal TermiosCharacters Characters;

    /// <summary>What a terminal starts with (Linux: tty_std_termios).</summary>
    internal static Termios Initial
    {
        get
        {
            var termios = new Termios
            {
                Input = TermiosInput.ICRNL | TermiosInput.IXON,
                Output = TermiosOutput.OPOST | TermiosOutput.ONLCR,
                Control = 0x4bf, // B38400 CS8 CREAD HUPCL
                Local = TermiosLocal.ISIG | TermiosLocal.ICANON | TermiosLocal.ECHO | TermiosLocal.ECHOE | TermiosLocal.ECHOK | TermiosLocal.ECHOCTL | TermiosLocal.ECHOKE | TermiosLocal.IEXTEN,
            };
            ReadOnlySpan<byte> initial = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0];
            initial.CopyTo(termios.Characters);
            return termios;
        }
    }

    internal readonly byte this[TermiosCharacter which] => Characters[(int)which];
}
