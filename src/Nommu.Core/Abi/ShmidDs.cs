using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct shmid64_ds</c> of x86-64, 112 bytes (shmctl(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 112)]
internal struct ShmidDs
{
    internal IpcPerm Perm;
    internal ulong Size;
    internal long AttachTime;
    internal long DetachTime;
    internal long ChangeTime;
    internal int CreatorPid;
    internal int LastPid;
    internal ulong Attaches;
}

/// <summary>Linux: <c>struct shminfo64</c> of x86-64: limits.</summary>
[StructLayout(LayoutKind.Sequential, Size = 72)]
internal struct Shminfo
{
    internal ulong Shmmax;
    internal ulong Shmmin;
    internal ulong Shmmni;
    internal ulong Shmseg;
    internal ulong Shmall;
}

/// <summary>Linux: <c>struct shm_info</c> of x86-64: what is in use.</summary>
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct ShmInfo
{
    internal int UsedIds;

    /// <summary>Pages of all segments.</summary>
    internal ulong Total;

    /// <summary>Of these, pages in memory.</summary>
    internal ulong Resident;
    internal ulong Swapped;
    internal ulong SwapAttempts;
    internal ulong SwapSuccesses;
}

/// <summary>Linux: the flags of shmget(2) and shmat(2), and those of a segment's mode.</summary>
[Flags]
internal enum ShmFlags
{
    None = 0,

    /// <summary>In the mode: goes with its last attachment.</summary>
    SHM_DEST = 0x200,
    SHM_LOCKED = 0x400,
    SHM_HUGETLB = 0x800,
    SHM_RDONLY = 0x1000,
    SHM_RND = 0x2000,
    SHM_REMAP = 0x4000,
    SHM_EXEC = 0x8000,
}

/// <summary>Linux: the commands of shmctl(2).</summary>
internal enum ShmCommand
{
    IPC_RMID = 0,
    IPC_SET = 1,
    IPC_STAT = 2,
    IPC_INFO = 3,
    SHM_LOCK = 11,
    SHM_UNLOCK = 12,
    SHM_STAT = 13,
    SHM_INFO = 14,
    SHM_STAT_ANY = 15,
}
