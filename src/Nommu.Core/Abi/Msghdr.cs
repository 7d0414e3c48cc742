using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct user_msghdr</c> of x86-64 (recvmsg(2)), 56 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
internal struct Msghdr
{
    [FieldOffset(0)] internal ulong Name;
    [FieldOffset(8)] internal int NameLength;
    [FieldOffset(16)] internal ulong Iov;
    [FieldOffset(24)] internal ulong IovLength;
    [FieldOffset(32)] internal ulong Control;
    [FieldOffset(40)] internal ulong ControlLength;
    [FieldOffset(48)] internal MessageFlags Flags;
}

/// <summary>Linux: <c>struct mmsghdr</c> (recvmmsg(2)), 64 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct Mmsghdr
{
    [FieldOffset(0)] internal Msghdr Header;
    [FieldOffset(56)] internal uint Length;
}

/// <summary>Linux: <c>struct cmsghdr</c> (cmsg(3)): the head of a control message, which begins at a multiple of 8.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Cmsghdr
{
    internal ulong Length;
    internal SocketLevel Level;
    internal ControlMessage Type;
}

/// <summary>Linux: the control messages of level SOL_SOCKET (unix(7)).</summary>
internal enum ControlMessage
{
    SCM_RIGHTS = 1,
    SCM_CREDENTIALS = 2,
}

/// <summary>Linux: <c>struct ucred</c> (unix(7)).</summary>
/// <param name="Pid">A process; 0 for none.</param>
/// <param name="Uid">Its user.</param>
/// <param name="Gid">Its group.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Ucred(int Pid, uint Uid, uint Gid);
