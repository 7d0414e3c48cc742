using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct semid64_ds</c> of x86-64, 104 bytes (semctl(2)).</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
internal struct SemidDs
{
    [FieldOffset(0)] internal IpcPerm Perm;
    [FieldOffset(48)] internal long OperationTime;
    [FieldOffset(64)] internal long ChangeTime;
    [FieldOffset(80)] internal ulong Count;
}

/// <summary>Linux: <c>struct seminfo</c>: limits, and with SEM_INFO in two of its fields what is in use.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Seminfo
{
    internal int Semmap;
    internal int Semmni;
    internal int Semmns;
    internal int Semmnu;
    internal int Semmsl;
    internal int Semopm;
    internal int Semume;
    internal int Semusz;
    internal int Semvmx;
    internal int Semaem;
}

/// <summary>Linux: <c>struct sembuf</c>: one operation of semop(2).</summary>
/// <param name="Number">Of the semaphore in its set.</param>
/// <param name="Operation">What is added; 0 waits for zero.</param>
/// <param name="Flags">IPC_NOWAIT and SEM_UNDO.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Sembuf(ushort Number, short Operation, SemFlags Flags)
{
    internal bool Undoes => (Flags & SemFlags.SEM_UNDO) != 0;

    internal bool NeverWaits => (Flags & SemFlags.IPC_NOWAIT) != 0;
}

/// <summary>Linux: the flags of one operation of semop(2).</summary>
[Flags]
internal enum SemFlags : short
{
    None = 0,
    IPC_NOWAIT = 0x800,
    SEM_UNDO = 0x1000,
}

/// <summary>Linux: the commands of semctl(2).</summary>
internal enum SemCommand
{
    IPC_RMID = 0,
    IPC_SET = 1,
    IPC_STAT = 2,
    IPC_INFO = 3,
    GETPID = 11,
    GETVAL = 12,
    GETALL = 13,
    GETNCNT = 14,
    GETZCNT = 15,
    SETVAL = 16,
    SETALL = 17,
    SEM_STAT = 18,
    SEM_INFO = 19,
    SEM_STAT_ANY = 20,
}
