using Nommu.Core.Abi;

namespace Nommu.Core.Drivers.Tty;

/// <summary>Linux: drivers/tty/tty_baudrate.c: the speeds behind the codes in c_cflag. Nothing here runs at them; programs read back what they set.</summary>
internal static class TermiosSpeed
{
    private static ReadOnlySpan<uint> Low => [0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400];

    private static ReadOnlySpan<uint> High =>
        [0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000];

    /// <summary>With both speeds as numbers; those of BOTHER are what was set before.</summary>
    internal static Termios2 Expand(in Termios termios, uint custom)
    {
        var speed = Decode(termios.Control, custom);
        return new Termios2 { Termios = termios, InputSpeed = speed, OutputSpeed = speed };
    }

    private static uint Decode(uint control, uint custom)
    {
        var code = control & (uint)TermiosControl.CBAUD;
        if (code == (uint)TermiosControl.BOTHER)
            return custom;
        return (code & (uint)TermiosControl.CBAUDEX) != 0 ? High[(int)(code & 15)] : Low[(int)code];
    }
}
