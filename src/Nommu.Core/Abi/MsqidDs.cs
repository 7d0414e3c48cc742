using System.Runtime.InteropServices;

namespace Nommu.Core.Abi;

/// <summary>Linux: <c>struct msqid64_ds</c> of x86-64, 120 bytes (msgctl(2)).</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct MsqidDs
{
    internal IpcPerm Perm;
    internal long SendTime;
    internal long ReceiveTime;
    internal long ChangeTime;

    /// <summary>Bytes in the queue.</summary>
    internal ulong Bytes;

    /// <summary>Messages in the queue.</summary>
    internal ulong Count;

    /// <summary>The most bytes it takes.</summary>
    internal ulong Limit;
    internal int SenderPid;
    internal int ReceiverPid;
}

/// <summary>Linux: <c>struct msginfo</c>: limits, and with MSG_INFO in three of its fields what is in use.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Msginfo
{
    internal int Msgpool;
    internal int Msgmap;
    internal int Msgmax;
    internal int Msgmnb;
    internal int Msgmni;
    internal int Msgssz;
    internal int Msgtql;
    internal ushort Msgseg;
}

/// <summary>Linux: the flags of msgsnd(2) and msgrcv(2).</summary>
[Flags]
internal enum MsgFlags
{
    None = 0,
    IPC_NOWAIT = 0x800,

    /// <summary>What does not fit is cut off.</summary>
    MSG_NOERROR = 0x1000,
    MSG_EXCEPT = 0x2000,

    /// <summary>The message stays; its type is its place.</summary>
    MSG_COPY = 0x4000,
}

/// <summary>Linux: the commands of msgctl(2).</summary>
internal enum MsgCommand
{
    IPC_RMID = 0,
    IPC_SET = 1,
    IPC_STAT = 2,
    IPC_INFO = 3,
    MSG_STAT = 11,
    MSG_INFO = 12,
    MSG_STAT_ANY = 13,
}
