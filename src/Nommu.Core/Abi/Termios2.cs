using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct termios2</c> (asm-generic/termbits.h), 44 bytes: what TCGETS2 and TCSETS2 move, with speeds as numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Termios2
{
    internal Termios Termios;
    internal uint InputSpeed;
    internal uint OutputSpeed;
}

/// <summary>Linux: <c>struct termio</c> (asm-generic/termios.h), 18 bytes: what TCGETA and TCSETA move, the older form with 16 bits of flags and 8 characters.</summary>
[StructLayout(LayoutKind.Sequential, Size = 18)]
internal struct Termio
{
    internal ushort Input;
    internal ushort Output;
    internal ushort Control;
    internal ushort Local;
    internal byte Line;
    internal TermioCharacters Characters;
}

/// <summary>The control characters of <see cref="Termio"/>; VMIN and VEOF, VTIME and VEOL share their places.</summary>
[System.Runtime.CompilerServices.InlineArray(8)]
internal struct TermioCharacters
{
    private byte _first;
}

/// <summary>Linux: <c>struct winsize</c> (ioctl_tty(2)).</summary>
/// <param name="Rows">Lines of text.</param>
/// <param name="Columns">Characters in a line.</param>
/// <param name="Width">Pixels; 0 where nobody knows.</param>
/// <param name="Height">Pixels; 0 where nobody knows.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Winsize(ushort Rows, ushort Columns, ushort Width, ushort Height);
