using System.Runtime.InteropServices;
using Nommu.Core.Abi;

namespace Nommu.Core.Tests.Drivers.Tty;

/// <summary>A pseudo-terminal of the host's own Linux: the judge of ours.</summary>
internal sealed unsafe partial class HostPty : IDisposable
{
    private readonly int _master;
    private readonly int _slave;

    internal HostPty(in Termios termios)
    {
        _master = open("/dev/ptmx"u8, 0x102 | 0x800); // O_RDWR | O_NOCTTY | O_NONBLOCK
        var unlock = 0;
        Assert.That(ioctl(_master, 0x40045431, &unlock), Is.Zero, "TIOCSPTLCK");
        _slave = ioctl(_master, 0x5441, (void*)0x902); // TIOCGPTPEER
        Assert.That(_slave, Is.GreaterThanOrEqualTo(0));
        var copy = termios;
        Assert.That(ioctl(_slave, 0x5402, &copy), Is.Zero, "TCSETS");
    }

    internal void Type(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* source = bytes)
            Assert.That(write(_master, source, (nuint)bytes.Length), Is.EqualTo((nint)bytes.Length));
    }

    /// <summary>Reads the screen until as much has come as is expected; the host echoes in its own time.</summary>
    internal byte[] Screen(int expected) => Gather(_master, expected, out _);

    /// <summary>Reads what a program gets: the bytes, and the length of each read.</summary>
    internal (byte[] Bytes, int[] Reads) Program(int expected, int reads)
    {
        var bytes = Gather(_slave, expected, out var lengths, reads);
        return (bytes, lengths);
    }

    private static byte[] Gather(int fd, int expected, out int[] lengths, int reads = 0)
    {
        var all = new List<byte>();
        var each = new List<int>();
        var buffer = stackalloc byte[8192];
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var count = (int)read(fd, buffer, 8192);
            if (count >= 0)
            {
                all.AddRange(new Span<byte>(buffer, count));
                each.Add(count);
            }
            else if ((all.Count >= expected && each.Count >= reads) || patience.Elapsed > TimeSpan.FromSeconds(2))
            {
                break;
            }
            else
            {
                Thread.Yield();
            }
        }
        lengths = [.. each];
        return [.. all];
    }

    public void Dispose()
    {
        _ = close(_slave);
        _ = close(_master);
    }

    private static int open(ReadOnlySpan<byte> path, int flags)
    {
        fixed (byte* name = path)
            return open(name, flags);
    }

    [LibraryImport("libc")]
    private static partial int open(byte* path, int flags);

    [LibraryImport("libc")]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc")]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
