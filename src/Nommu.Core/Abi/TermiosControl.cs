namespace Nommu.Core.Abi;

/// <summary>Linux: c_cflag of termios(3), x86-64 values.</summary>
[Flags]
internal enum TermiosControl : uint
{
    CBAUD = 0x100f,
    CBAUDEX = 0x1000,
    CSIZE = 0x30,
    CS5 = 0,
    CS6 = 0x10,
    CS7 = 0x20,
    CS8 = 0x30,
    CSTOPB = 0x40,
    CREAD = 0x80,
    PARENB = 0x100,
    PARODD = 0x200,
    HUPCL = 0x400,
    CLOCAL = 0x800,
    BOTHER = 0x1000,
    CIBAUD = 0x100f0000,
    CMSPAR = 0x40000000,
    CRTSCTS = 0x80000000,
}

/// <summary>Linux: the speeds in c_cflag's CBAUD bits (termios(3)).</summary>
internal enum TerminalSpeed : uint
{
    B0 = 0,
    B50 = 1,
    B75 = 2,
    B110 = 3,
    B134 = 4,
    B150 = 5,
    B200 = 6,
    B300 = 7,
    B600 = 8,
    B1200 = 9,
    B1800 = 0xa,
    B2400 = 0xb,
    B4800 = 0xc,
    B9600 = 0xd,
    B19200 = 0xe,
    B38400 = 0xf,
    B57600 = 0x1001,
    B115200 = 0x1002,
    B230400 = 0x1003,
    B460800 = 0x1004,
    B500000 = 0x1005,
    B576000 = 0x1006,
    B921600 = 0x1007,
    B1000000 = 0x1008,
    B1152000 = 0x1009,
    B1500000 = 0x100a,
    B2000000 = 0x100b,
    B2500000 = 0x100c,
    B3000000 = 0x100d,
    B3500000 = 0x100e,
    B4000000 = 0x100f,
}
