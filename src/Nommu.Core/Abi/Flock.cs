using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct flock</c> of x86-64, 32 bytes (fcntl(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct Flock
{
    internal LockType Type;

    /// <summary>A <see cref="SeekWhence"/> in 16 bits.</summary>
    internal short Whence;
    internal long Start;

    /// <summary>0 means to the end of the file, however it grows.</summary>
    internal long Length;
    internal int Pid;
}

/// <summary>Linux: <c>struct f_owner_ex</c> (fcntl(2), F_SETOWN_EX).</summary>
/// <param name="Type">What the number is of.</param>
/// <param name="Pid">Its number.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct FileOwner(FileOwnerType Type, int Pid);

/// <summary>Linux: <c>F_OWNER_*</c>.</summary>
internal enum FileOwnerType
{
    F_OWNER_TID = 0,
    F_OWNER_PID = 1,
    F_OWNER_PGRP = 2,
}
