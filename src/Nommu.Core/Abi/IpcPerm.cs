using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct ipc64_perm</c> of x86-64, 48 bytes: what the objects of System V's IPC have in common (sysvipc(7)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct IpcPerm
{
    internal int Key;

    /// <summary>The owner's.</summary>
    internal uint Uid;
    internal uint Gid;

    /// <summary>The creator's.</summary>
    internal uint CreatorUid;
    internal uint CreatorGid;
    internal int Mode;
    internal ushort Sequence;
}

/// <summary>Linux: what shmget(2), semget(2), msgget(2) and the calls on what they made may be asked beside permission bits.</summary>
[Flags]
internal enum IpcFlags
{
    None = 0,
    IPC_CREAT = 0x200,
    IPC_EXCL = 0x400,
    IPC_NOWAIT = 0x800,
}

/// <summary>Linux: the keys of System V's IPC that have a meaning.</summary>
internal enum IpcKey
{
    IPC_PRIVATE = 0,
}
