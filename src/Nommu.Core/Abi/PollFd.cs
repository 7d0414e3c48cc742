using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct pollfd</c> (poll(2)). The two sets of events are 16 bits of <see cref="PollEvents"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    /// <summary>A negative one is passed over.</summary>
    internal int Fd;
    internal ushort Events;
    internal ushort Returned;
}

/// <summary>Linux: <c>struct epoll_event</c>, packed on x86-64 (epoll_ctl(2)).</summary>
/// <param name="Events">Of <see cref="PollEvents"/> and <see cref="EpollFlags"/>.</param>
/// <param name="Data">The guest's own.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct EpollEvent(uint Events, ulong Data);

/// <summary>The sixth argument of pselect6(2): the mask and its size, since registers are short.</summary>
/// <param name="Mask">Address of a <see cref="SigSet"/>, or 0.</param>
/// <param name="Size">8.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PselectMask(ulong Mask, ulong Size);
